package state

import "time"

// RepoListing is a repository as a list to choose from shows it (GET
// /user/repos).
type RepoListing struct {
	Name     string    `json:"name"`   // owner/name
	Branch   string    `json:"branch"` // the default one
	Private  bool      `json:"private"`
	Archived bool      `json:"archived"` // nothing can be pushed to it
	Admin    bool      `json:"admin"`    // the token's user may administer it
	Topics   []string  `json:"topics,omitempty"`
	Pushed   time.Time `json:"pushed,omitzero"` // the last push; zero: none
}
