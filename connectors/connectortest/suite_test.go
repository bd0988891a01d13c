package connectortest

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestSuitePassesASoundConnector(t *testing.T) { Run(t, &memory{}) }

// TestSuiteFindsFaults holds that each fault fails the case that is there for it.
func TestSuiteFindsFaults(t *testing.T) {
	faults := map[string]string{
		"name is the id":                       "DisplayNameTakenForAnID_CVE-2026-28471",
		"prefixed ids":                         "IDsAreStableAndRaw",
		"ids repeat":                           "MessageIDsAreUnique",
		"everybody is local":                   "NobodyIsLocalOverTheNetwork",
		"bots pass for people":                 "BotsAreFlagged",
		"unknown chat is a dm":                 "MissingChatKindTakenForADM_CVE-2026-32924",
		"mention by substring":                 "MentionIsAnEntityNotASubstring",
		"edits are commands":                   "EditIsANewEvent_CVE-2026-32895",
		"edits have no revision":               "EditIsANewEvent_CVE-2026-32895",
		"callbacks are commands":               "CallbackIsItsOwnEvent_CVE-2026-35652",
		"commands are messages":                "CommandsAreParsed",
		"text is trimmed of format characters": "UnicodeStaysData",
		"angle brackets are escaped":           "FramingAttackArrivesAsData",
		"lines are split":                      "SeveralLinesStayOneMessage",
		"large text is cut":                    "LargeText",
		"no order":                             "OrderPerChatUnderLoad",
		"one after the other":                  "SlowChatDoesNotHoldUpTheOthers",
		"redelivery has a new id":              "RedeliveredEventKeepsItsID",
		"errors are swallowed":                 "HandlerErrorIsNotAcknowledged",
		"end drops what waits":                 "EndOfSourceHandlesEverything",
		"stop cancels calls":                   "StopLetsARunningCallFinish",
		"stop is an error":                     "StopWhileIdle",
		"drops what came between runs":         "RunsAgainAfterAStop",
		"answers by itself":                    "CommandAnsweredBeforeTheGate",
		"no send before run":                   "SendBeforeRun",
		"reply to another chat":                "SendDuringRun",
		"replies are sent twice":               "SendFromManySides",
		"nil for what was not sent":            "SendCancelled",

		"the group's name is the id":       "GroupNameTakenForAnID",
		"a person has an id for each chat": "SamePersonInTwoChats",
		"one chat for all":                 "SamePersonInTwoChats",
		"several files come as one":        "AttachmentsAreDescribedOnly",
		"commands for others are taken":    "CommandForAnotherBotIsAMessage",
		"a redelivery reads otherwise":     "RedeliveryUnderLoadKeepsTheOrder",
		"a press forgets its message":      "ButtonsAreShownAndPressed",
		"presses have the message's id":    "ButtonsAreShownAndPressed",
		"buttons are dropped":              "ButtonsAreShownAndPressed",
		"reactions read empty":             "ReactionToTheBotsMessage",
		"own messages come back":           "OwnMessagesAreNoEvents",

		"a server_error of a send is an error": "SendIsTriedAgainAfterAServerError",
		"a throttle of a send is an error":     "SendObeysAThrottle",
		"a throttle is not obeyed":             "SendObeysAThrottle",
		"a drop of a send is an error":         "SendIsTriedAgainAfterADrop",
		"what is lost is sent again":           "LostAnswerToASendIsNotDoubled",
		"a garbage of a send is an error":      "GarbageForAnAnswerToASendIsNotDoubled",
		"a stall of a send is an error":        "StalledSendIsNotDoubled",
		"the token is in Send's error":         "TokenInAnErrorsURL_GHSA-xwcj-hwhf-h378",
		"the reply's id is not used":           "SameReplyTwiceArrivesOnce",
		"fences are cut":                       "LongReplyKeepsItsFences",

		"a server_error ends Run":              "EventsComeAfterAServerError",
		"a drop loses events":                  "EventsComeAfterADrop",
		"a stall ends Run":                     "EventsComeAfterAStall",
		"garbage is an event":                  "EventsComeAfterGarbage",
		"what waited comes in the wrong order": "OrderPerChatUnderLoad",
		"a revoked token is tried for ever":    "RevokedTokenEndsRun",
		"the token is in Run's error":          "RevokedTokenEndsRun",
		"always stopped":                       "HealthTellsTheState",
		"failures are not counted":             "HealthTellsOfAReconnect",
		"the token is in the health":           "EventsComeAfterADrop",
		"the token is in the log":              "SecretsStayInside_GHSA-xwcj-hwhf-h378",

		"drafts are not edited":                  "DraftBecomesTheAnswer",
		"a draft stays beside the answer":        "DraftBecomesTheAnswer",
		"the answer keeps the stop button":       "DraftBecomesTheAnswer",
		"a quick answer has drafts":              "QuickAnswerComesWhole",
		"the rest of a long answer is lost":      "DraftOfALongAnswer",
		"a draft that failed stands twice":       "DraftThatFailsHarmsNothing",
		"the answer has the drafts' context":     "AnswerAfterItsContextEnded",
		"no signs":                               "SignsWhileAtWork",
		"signs stay":                             "SignsWhileAtWork",
		"a turn that is given up keeps its sign": "SignsOfAGivenUpTurn",
		"keeps every message":                    "ManyMessagesLeaveNothingBehind",
		"leaves goroutines behind":               "ManyMessagesLeaveNothingBehind",
	}
	byName := map[string]testCase{}
	for _, c := range cases() {
		byName[c.name] = c
	}
	for fault, name := range faults {
		t.Run(fault, func(t *testing.T) {
			c, ok := byName[name]
			if !ok {
				t.Fatalf("there is no case %q", name)
			}
			if !slices.Contains(c.needs, Load) { // that one counts goroutines
				t.Parallel()
			}
			// Some faults show as an event that never comes: the case gives up
			// with its context.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			if err := c.play(ctx, &memory{fault: fault}); err == nil {
				t.Errorf("the case %q passes a connector whose fault is: %s", name, fault)
			}
		})
	}
}

func TestCasesWithoutTheirFeatureAreLeftOut(t *testing.T) {
	bare := &memory{features: map[Feature]bool{}}
	core := 0
	for _, c := range cases() {
		if c.applies(bare) != (len(c.needs) == 0) {
			t.Errorf("case %q applies to a platform without features: %v", c.name, c.applies(bare))
		}
		if len(c.needs) == 0 {
			core++
		}
	}
	if core < 15 {
		t.Errorf("only %d cases are held against every platform", core)
	}
}

func TestStreamGivesWhatWasWrittenThenEOF(t *testing.T) {
	s := NewStream()
	if _, err := s.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	s.CloseWrite()
	buf := make([]byte, 8)
	if n, err := s.Read(buf); n != 3 || err != nil {
		t.Errorf("Read gave %d, %v", n, err)
	}
	if n, err := s.Read(buf); n != 0 || err == nil {
		t.Errorf("Read at the end gave %d, %v", n, err)
	}
	if _, err := s.Write([]byte("x")); err == nil {
		t.Error("Write after CloseWrite gave no error")
	}
}
