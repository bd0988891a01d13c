package engine

// InputVersion is the version of the documents below.
const InputVersion = 1

// MessageInput is the input of data.parachute.message. A fact that is not known
// is left out of the document, so that a policy can tell absence from emptiness.
type MessageInput struct {
	Version int `json:"version"`
	// Time is the moment of the decision in nanoseconds since the Unix epoch.
	Time      int64          `json:"time"`
	Config    ConfigInput    `json:"config"`
	Connector ConnectorInput `json:"connector"`
	Chat      ChatInput      `json:"chat"`
	Message   EventInput     `json:"message"`
	User      UserInput      `json:"user"`
	Workspace *Requested     `json:"workspace,omitempty"`
	Session   *SessionInput  `json:"session,omitempty"`
	Limits    *LimitsInput   `json:"limits,omitempty"`
}

// ConfigInput is what the configuration asks for; it holds no secret.
type ConfigInput struct {
	Audience string `json:"audience"`
	Trust    string `json:"trust"`
	Groups   string `json:"groups"`
	// Agent answers where the policies choose none; Agents are all that there are.
	Agent  AgentInput   `json:"agent"`
	Agents []AgentInput `json:"agents"`
}

// AgentInput names an agent.
type AgentInput struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// ConnectorInput names the connector that an event came through.
type ConnectorInput struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// ChatInput is the place of a message. Kind is left out when the platform did
// not say.
type ChatInput struct {
	ID   string `json:"id"`
	Kind string `json:"kind,omitempty"`
}

// EventInput is the event itself.
type EventInput struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Bytes int    `json:"bytes"`
	// AgeSeconds is absent where the platform gives no time.
	AgeSeconds  *int64            `json:"age_seconds,omitempty"`
	Command     string            `json:"command,omitempty"`
	Args        []string          `json:"args,omitempty"`
	MentionsBot bool              `json:"mentions_bot"`
	ReplyToBot  bool              `json:"reply_to_bot"`
	Forwarded   bool              `json:"forwarded"`
	Attachments []AttachmentInput `json:"attachments,omitempty"`
	// Target is what a command is about that is about somebody; absent for every
	// other event, and for one that does not say it.
	Target *TargetInput `json:"target,omitempty"`
}

// TargetInput is whom or what a command is about.
type TargetInput struct {
	// Kind is person, pairing, session or everybody.
	Kind string `json:"kind"`
	// ID is the person's whom it is about; for a session, its owner's.
	ID string `json:"id,omitempty"`
	// Known tells whether the gate knows that person, and Roles are all that they
	// have, wherever those hold.
	Known bool     `json:"known"`
	Roles []string `json:"roles"`
	// Grants are the roles that are to be given; Scope, Workspace and GrantSeconds
	// say where they are to hold, what they open and for how long.
	Grants       []string `json:"grants,omitempty"`
	Scope        string   `json:"scope,omitempty"`
	Workspace    string   `json:"workspace,omitempty"`
	GrantSeconds *int64   `json:"grant_seconds,omitempty"`
	// Pairing is the one whose code was given.
	Pairing *PairingInput `json:"pairing,omitempty"`
	// Shared tells of a session of somebody else which the sender joined.
	Shared bool `json:"shared"`
}

// PairingInput is a request that waits, or waited, for a yes.
type PairingInput struct {
	// Kind is join, link or claim; absent where no code is like that.
	Kind string `json:"kind,omitempty"`
	// State is pending, entered (a link whose code was given on the other side),
	// expired, used, denied or unknown.
	State string `json:"state"`
	// Connector is where it was asked, and Own whether the sender asked it.
	Connector string `json:"connector,omitempty"`
	Own       bool   `json:"own"`
}

// AttachmentInput describes an attachment, in the platform's words.
type AttachmentInput struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
}

// UserInput is the principal.
type UserInput struct {
	// ID is the person's, and Identity the one of theirs that speaks.
	ID       string `json:"id"`
	Identity string `json:"identity,omitempty"`
	// Identities are all of a person whom the gate knows.
	Identities []string `json:"identities,omitempty"`
	Name       string   `json:"name,omitempty"`
	Bot        bool     `json:"bot"`
	Local      bool     `json:"local"`
	// Roles are those that hold here and now.
	Roles []string `json:"roles"`
	// Lasting are those of them that hold everywhere and never end: who has a role in
	// one chat or for a day must not give it away for ever.
	Lasting []string `json:"lasting,omitempty"`
	// LastingDM never end either, and hold in direct messages alone.
	LastingDM []string `json:"lasting_dm,omitempty"`
	// Workspaces are opened to the person by grants that hold here and now.
	Workspaces []GrantedWorkspace `json:"workspaces,omitempty"`
	Attributes map[string]string  `json:"attributes,omitempty"`
	// GrantSeconds is how long the first of those grants lasts that end.
	GrantSeconds *int64 `json:"grant_seconds,omitempty"`
	// Pairing is how a request of this identity to be let in stands: pending,
	// reminded (and was told so once more) or denied; absent where there is none.
	Pairing string `json:"pairing,omitempty"`
	// Token is the API token that came with the event; absent where none did.
	Token *TokenInput `json:"token,omitempty"`
}

// TokenInput is an API token, without its secret.
type TokenInput struct {
	ID string `json:"id,omitempty"`
	// State is valid, expired, revoked, misplaced (not for this connector, person or
	// kind of chat) or unknown.
	State string `json:"state"`
}

// GrantedWorkspace is a workspace that a grant opens to whoever has its role.
type GrantedWorkspace struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// Requested is the workspace that a person asked for.
type Requested struct {
	Requested string `json:"requested"`
}

// SessionInput is an open session.
type SessionInput struct {
	ID        string `json:"id"`
	User      string `json:"user"`
	Trust     string `json:"trust"`
	Workspace string `json:"workspace"`
	Access    string `json:"access,omitempty"`
	Agent     string `json:"agent,omitempty"`
	// Shared tells that its owner, who is not the sender, shares it with the sender, who
	// joined it.
	Shared bool `json:"shared"`
}

// LimitsInput is what the counters say.
type LimitsInput struct {
	Exceeded []ExceededInput `json:"exceeded"`
}

// ExceededInput is one limit that is full.
type ExceededInput struct {
	Name              string `json:"name"`
	Per               string `json:"per"`
	Max               int    `json:"max"`
	Window            string `json:"window"`
	RetryAfterSeconds int64  `json:"retry_after_seconds"`
}

// ToolInput is the input of data.parachute.tool.
type ToolInput struct {
	Version   int            `json:"version"`
	Time      int64          `json:"time"`
	Config    ConfigInput    `json:"config"`
	Connector ConnectorInput `json:"connector"`
	Chat      ChatInput      `json:"chat"`
	User      UserInput      `json:"user"`
	Session   SessionInput   `json:"session"`
	Tool      Tool           `json:"tool"`
}

// Tool is one call that an agent wants to make. Path, To and Title, which says
// what it is going to do, are as the agent gave them and may be hostile.
type Tool struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Path  string `json:"path,omitempty"`
	To    string `json:"to,omitempty"`
	Title string `json:"title,omitempty"`
	Bytes int    `json:"bytes"`
}

// StartupInput is the input of data.parachute.startup: the whole configuration,
// free of secrets.
type StartupInput struct {
	Version int           `json:"version"`
	Time    int64         `json:"time"`
	Config  StartupConfig `json:"config"`
	Files   []FileInput   `json:"files"`
}

// StartupConfig is the configuration as the startup rules see it.
type StartupConfig struct {
	Audience   string           `json:"audience"`
	Trust      string           `json:"trust"`
	Groups     string           `json:"groups"`
	Agent      AgentInput       `json:"agent"`
	Agents     []AgentInput     `json:"agents"`
	StoreText  bool             `json:"store_text"`
	Policies   PoliciesInput    `json:"policies"`
	Connectors []ConnectorInput `json:"connectors"`
	Workspaces []WorkspaceInput `json:"workspaces"`
}

// PoliciesInput tells where the policies come from.
type PoliciesInput struct {
	Source string `json:"source"`
}

// WorkspaceInput names a workspace that the configuration places.
type WorkspaceInput struct {
	Name string `json:"name"`
}

// FileInput is the mode of a file that should be private.
type FileInput struct {
	Path          string `json:"path"`
	Kind          string `json:"kind"`
	Mode          string `json:"mode"`
	GroupCanRead  bool   `json:"group_can_read"`
	OthersCanRead bool   `json:"others_can_read"`
}
