package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/engine"
)

// command owes the answer to an admitted command. What it changes is part of
// the commit; its words are known at once.
func (g *Gate) command(ctx context.Context, c *Commit, ev event, facts Facts, out outcome) error {
	c.Turn = ev.turn()
	if done, err := g.govern(ctx, c, ev, facts); done || err != nil {
		return err
	}
	s := facts.Session
	switch ev.msg.Command {
	case "help", "start":
		c.Turn.Reply = g.help(ctx, ev, facts)
	case "new":
		switch {
		case facts.shared():
			c.leave(s, ev.place.User)
		case s != nil:
			c.cut(s.ID)
		}
		if o := out.Obligations; facts.Workspace != "" && facts.Workspace != o.Workspace {
			// The one that was chosen is lost.
			c.Choose = o.Workspace
		}
		c.Turn.Reply = "Done: we start afresh."
		if facts.shared() {
			c.Turn.Reply = "Done: you are in no shared session any more."
		}
	case "stop":
		c.Turn.Reply = "There is nothing to stop."
		switch {
		case facts.target != nil:
			c.stopSession(facts.target.session, ev.from.Kind)
		case facts.shared():
			c.Stop, c.StopReply, c.Turn.Reply = s.ID, stopped, stopped
		case facts.Busy:
			c.StopEnded, c.StopReply = true, stopped
			c.Turn.Reply = stopped
			if s != nil {
				c.Stop = s.ID
			}
		}
	case "status":
		words, err := g.statusReply(ctx, facts)
		if err != nil {
			return err
		}
		c.Turn.Reply = words
	case "whoami":
		c.Turn.Reply = g.whoami(ctx, ev, facts, out)
	case "workspace":
		g.workspace(c, ev, facts, out)
	default:
		c.Turn.Reply = fmt.Sprintf("I do not know the command %s. Send /help to see what I can do.", ev.msg.Command)
	}
	return nil
}

// stopSession ends a session that is named, with all that runs and waits in it.
func (c *Commit) stopSession(s *SessionFacts, by string) {
	switch {
	case s == nil:
		c.Turn.Reply = "There is no such session. /sessions shows them."
		return
	case by == Terminal:
		// What is left of it runs in another process, which finds that it is cut.
		c.cut(s.ID)
		c.StopReply = endedThere
	case s.Ended:
		c.Stop, c.StopReply = s.ID, stopped
	default:
		c.cut(s.ID)
	}
	c.Turn.Reply = fmt.Sprintf("Session %s of %s is ended.", s.ID, s.User)
}

// stopped is what answers what was stopped, and endedThere what was stopped at the
// terminal.
const (
	stopped    = "Stopped."
	endedThere = "This session was ended by whoever runs this bot. Your next message begins another."
)

// cut ends a session with what runs and waits in it: nobody could stop that any
// more, once another session has begun.
func (c *Commit) cut(session string) {
	c.End, c.Cut = session, true
	c.Stop, c.StopReply = session, stopped
}

// Commands are those that the gate knows. Which of them somebody may send is the
// policies' answer.
func Commands() []connectors.Command {
	return []connectors.Command{
		{Name: "help", About: "what you can do here"},
		{Name: "new", About: "end the session and start afresh"},
		{Name: "stop", Args: "[SESSION]", About: "stop the answer that is being made"},
		{Name: "status", About: "how things are"},
		{Name: "whoami", About: "who you are to me, and what you may do"},
		{Name: "workspace", Args: "[NAME]", About: "where you are, or go to another workspace"},
		{Name: "sessions", Args: "[all]", About: "your sessions"},
		{Name: "limits", Args: "[ID]", About: "what you have left"},
		{Name: "share", Args: "ID", About: "offer somebody to write into your session in this chat"},
		{Name: "unshare", Args: "ID", About: "take that back"},
		{Name: "join", About: "write into the session that somebody offers you in this chat"},
		{Name: "pair", Args: "[CODE]", About: "make another account of yours known as you"},
		{Name: "users", Args: "[ID | after ID]", About: "who is known and who asks to be let in, or what one may do"},
		{Name: "approve", Args: "CODE [ROLE] [in WORKSPACE] [for 3d] [dm | group | everywhere]", About: "let in who asks"},
		{Name: "deny", Args: "CODE", About: "do not let in who asks"},
		{Name: "add", Args: "ID ROLE [in WORKSPACE] [for 3d] [everywhere | dm | group | here] [named NAME]", About: "let in somebody who has not asked"},
		{Name: "role", Args: "ID ROLE [in WORKSPACE] [for 3d] [everywhere | dm | group | here] [named NAME]", About: "give other roles, in place of those that somebody has"},
		{Name: "remove", Args: "ID", About: "forget somebody"},
		{Name: "block", Args: "ID", About: "answer somebody nothing any more"},
		{Name: "unblock", Args: "ID", About: "take that back"},
	}
}

// help lists what the policies let the sender do here.
func (g *Gate) help(ctx context.Context, ev event, facts Facts) string {
	var b strings.Builder
	b.WriteString("Write to me in plain words; send \"help\" (without a slash) to see what the agent behind me can do.\n\nCommands:\n")
	for _, c := range Commands() {
		if d := g.would(ctx, ev.command(c.Name), facts); d.Verdict == engine.Allow {
			fmt.Fprintf(&b, "%s - %s\n", strings.TrimSpace("/"+c.Name+" "+c.Args), c.About)
		}
	}
	b.WriteString("\nEach message is checked by the owner's policies before anything happens.")
	return b.String()
}

func (g *Gate) statusReply(ctx context.Context, facts Facts) (string, error) {
	var b strings.Builder
	agent := g.Config.Input.Agent.Name
	if facts.Session != nil {
		agent = facts.Session.Agent
	}
	fmt.Fprintf(&b, "%s\naudience: %s\nagent: %s\n", g.Status(), g.Config.Input.Audience, agent)
	if s := facts.Session; s != nil {
		fmt.Fprintf(&b, "session: %s, %s, in workspace %s (%s)", s.ID, s.Trust, s.Workspace, accessInWords(s.Access))
		if facts.shared() {
			// With whom else, is its owner's to know.
			fmt.Fprintf(&b, "\nit is %s's, who shares it with you", s.User)
			return b.String(), nil
		}
		of, err := g.Store.FindSession(ctx, s.User, s.ID)
		if err != nil && !errors.Is(err, ErrNoSession) {
			return "", err
		}
		b.WriteString(sharedWith(of.Shared))
	} else {
		b.WriteString("session: none yet")
	}
	return b.String(), nil
}

// workspace goes to the workspace that the decision granted. Whoever asks for
// one that is not theirs was denied before this.
func (g *Gate) workspace(c *Commit, ev event, facts Facts, out outcome) {
	o := out.Obligations
	if len(ev.msg.Args) == 0 {
		c.Turn.Reply = fmt.Sprintf("You are in workspace %s (%s). Send /workspace NAME to go to another.", o.Workspace, accessInWords(o.Access))
		return
	}
	if asked := ev.msg.Args[0]; asked != o.Workspace {
		c.Turn.Reply = fmt.Sprintf("You stay in workspace %s.", o.Workspace)
		return
	}
	c.Choose = o.Workspace
	c.Turn.Reply = fmt.Sprintf("You are in workspace %s now (%s).", o.Workspace, accessInWords(o.Access))
	s := facts.Session
	switch {
	case s == nil:
	case facts.shared() && s.Workspace == o.Workspace:
		c.Turn.Reply += fmt.Sprintf(" What you write goes into %s's session, as before; /new leaves it.", s.User)
	case facts.shared():
		c.leave(s, ev.place.User)
		c.Turn.Reply += fmt.Sprintf(" You have left %s's session.", s.User)
	case s.Workspace != o.Workspace:
		c.cut(s.ID)
	}
}

func accessInWords(access string) string {
	if access == "read_write" {
		return "read and write"
	}
	return "read only"
}
