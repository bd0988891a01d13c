package connectortest

import (
	"context"
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
			// Some faults show as an event that never comes: the case gives up
			// with its context.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
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
