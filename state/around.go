package state

// Sight is one thing that was looked for before anything was asked. The zero
// value: not looked at.
type Sight struct {
	Found bool   `json:"found"`
	Word  string `json:"word,omitempty"` // what is there, or that it is not: "signed in as phlip9 through gh"
	Hint  string `json:"hint,omitempty"` // what follows from it: "the page that makes one is prepared"
}

// Around is what is here: what the welcome page shows. To learn it changes
// nothing, asks no person, and waits for nobody for long; whatever cannot be
// looked at in time stays not looked at.
type Around struct {
	// Git is the repository that the current directory is in, its branch, and
	// whether it is clean: git's rev-parse and status.
	Git Sight `json:"git"`
	// GitHub is whom the token belongs to and where it was found (the
	// environment, gh), and what it may: GET /user and its scopes.
	GitHub Sight `json:"github"`
	// Cloudflare is whether a token is in the environment and is active: the
	// API's verification of it.
	Cloudflare Sight `json:"cloudflare"`
	// Identity is whether an age identity is where sops looks for one; its
	// place is told, never its secret half.
	Identity Sight `json:"identity"`
	// Rules is whether .sops.yaml has a creation rule for the secrets file, and
	// whether the host is among its recipients.
	Rules Sight `json:"rules"`
	// Host is whether the ssh destination answers, where one is known, and what
	// the machine tells of itself.
	Host Sight `json:"host"`
	// Setup is whether the repository has a nixwright.toml that can be read.
	Setup Sight `json:"setup"`
	// Hosts are the machines that the user's ssh configuration names, in its
	// order: what the first question offers.
	Hosts []string `json:"hosts,omitempty"`
}

// AroundLine is one line of the welcome page. Status is ready, missing, or
// unknown where it was not looked at.
type AroundLine struct{ Status, Name, Sentence string }

// Lines are what is here in the order of the page, safe to print.
func (a Around) Lines() []AroundLine {
	return []AroundLine{
		a.Git.line("git"), a.GitHub.line("GitHub"), a.Cloudflare.line("Cloudflare"), a.Identity.line("age"),
		a.Rules.line(".sops.yaml"), a.Host.line("SSH"), a.Setup.line("set-up"),
	}
}

func (s Sight) line(name string) AroundLine {
	return AroundLine{Status: s.status(), Name: name, Sentence: s.sentence()}
}

func (s Sight) status() string {
	switch {
	case s.Found:
		return "ready"
	case s == Sight{}:
		return "unknown"
	}
	return "missing"
}

func (s Sight) sentence() string {
	word, hint := CleanText(s.Word, 0), CleanText(s.Hint, 0)
	switch {
	case s == Sight{}:
		return "not looked at"
	case word == "" || hint == "":
		return word + hint
	}
	return word + "; " + hint
}
