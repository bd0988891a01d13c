package gate

import (
	"fmt"
	"strings"

	"github.com/parachute-gate/parachute/connectors"
)

// command owes the answer to an admitted command. What it changes is part of
// the commit; its words are known at once.
func (g *Gate) command(c *Commit, ev event, facts Facts, out outcome) {
	c.Turn = ev.turn()
	s := facts.Session
	switch ev.msg.Command {
	case "help", "start":
		c.Turn.Reply = help()
	case "new":
		if s != nil {
			c.cut(s.ID)
		}
		if o := out.Obligations; facts.Workspace != "" && facts.Workspace != o.Workspace {
			// The one that was chosen is lost.
			c.Choose = o.Workspace
		}
		c.Turn.Reply = "Done: we start afresh."
	case "stop":
		c.Turn.Reply = "There is nothing to stop."
		if facts.Busy {
			c.StopEnded, c.StopReply = true, stopped
			c.Turn.Reply = stopped
			if s != nil {
				c.Stop = s.ID
			}
		}
	case "status":
		c.Turn.Reply = g.statusReply(facts)
	case "whoami":
		c.Turn.Reply = whoami(ev, facts, out)
	case "workspace":
		g.workspace(c, ev, facts, out)
	default:
		c.Turn.Reply = fmt.Sprintf("I do not know the command %s. Send /help to see what I can do.", ev.msg.Command)
	}
}

// stopped is what answers what was stopped.
const stopped = "Stopped."

// cut ends a session with what runs and waits in it: nobody could stop that any
// more, once another session has begun.
func (c *Commit) cut(session string) {
	c.End, c.Cut = session, true
	c.Stop, c.StopReply = session, stopped
}

// Commands are those that the gate knows, for the menus that platforms show.
func Commands() []connectors.Command {
	return []connectors.Command{
		{Name: "help", About: "what you can do here"},
		{Name: "new", About: "end the session and start afresh"},
		{Name: "stop", About: "stop the answer that is being made"},
		{Name: "status", About: "how things are"},
		{Name: "whoami", About: "who you are to me, and what you have left"},
		{Name: "workspace", Args: "[NAME]", About: "where you are, or go to another workspace"},
	}
}

func help() string {
	var b strings.Builder
	b.WriteString("Write to me in plain words; send \"help\" (without a slash) to see what the agent behind me can do.\n\nCommands:\n")
	for _, c := range Commands() {
		fmt.Fprintf(&b, "%s - %s\n", strings.TrimSpace("/"+c.Name+" "+c.Args), c.About)
	}
	b.WriteString("\nEach message is checked by the owner's policies before anything happens.")
	return b.String()
}

func (g *Gate) statusReply(facts Facts) string {
	var b strings.Builder
	agent := g.Config.Input.Agent.Name
	if facts.Session != nil {
		agent = facts.Session.Agent
	}
	fmt.Fprintf(&b, "%s\naudience: %s\nagent: %s\n", g.Status(), g.Config.Input.Audience, agent)
	if s := facts.Session; s != nil {
		fmt.Fprintf(&b, "session: %s, %s, in workspace %s (%s)", s.ID, s.Trust, s.Workspace, accessInWords(s.Access))
	} else {
		b.WriteString("session: none yet")
	}
	return b.String()
}

func whoami(ev event, facts Facts, out outcome) string {
	roles := strings.Join(facts.Roles, ", ")
	if roles == "" {
		roles = "none on record"
		if ev.msg.User.Local {
			roles += " (you are at this program's own terminal)"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\nroles: %s\ntrust: %s\nworkspace: %s (%s)", ev.place.User, roles,
		out.Obligations.Trust, out.Obligations.Workspace, accessInWords(out.Obligations.Access))
	for _, l := range out.limits {
		fmt.Fprintf(&b, "\nleft of %s: %d of %d", l.Name, max(0, l.Left-1), l.Max)
	}
	return b.String()
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
	if s := facts.Session; s != nil && s.Workspace != o.Workspace {
		c.cut(s.ID)
	}
	c.Turn.Reply = fmt.Sprintf("You are in workspace %s now (%s).", o.Workspace, accessInWords(o.Access))
}

func accessInWords(access string) string {
	if access == "read_write" {
		return "read and write"
	}
	return "read only"
}
