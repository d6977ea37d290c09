package fake

import "time"

// CIState is what runs behind the CI's domain.
type CIState struct {
	Mode     string            `json:"mode"`            // "": nothing; byHand; else the value of ci.access that was deployed
	Proxy    string            `json:"proxy,omitempty"` // client id that oauth2-proxy signs in with
	App      int64             `json:"app,omitempty"`   // the GitHub App that buildbot acts as
	Secrets  map[string]string `json:"secrets,omitempty"`
	Builders []ciBuilder       `json:"builders,omitempty"`
	Builds   []ciBuild         `json:"builds,omitempty"`
	Changes  []ciChange        `json:"changes,omitempty"`
	Niks3    Niks3State        `json:"niks3,omitzero"`
}

// byHand is a CI set up by hand, whose webhook does not reach buildbot: nginx
// asks [::1]:8010, and buildbot listens on IPv4 only.
const byHand = "by-hand"

type ciBuilder struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Project int    `json:"project,omitempty"` // 1 and up; 0: none
	Virtual bool   `json:"virtual,omitempty"` // of one attribute
}

type ciBuild struct {
	ID      int       `json:"id"`
	Builder int       `json:"builder"`
	Number  int       `json:"number"`
	Repo    string    `json:"repo"`
	Attr    string    `json:"attr"` // x86_64-linux.hello
	OutPath string    `json:"out_path"`
	DrvPath string    `json:"drv_path"`
	Commit  string    `json:"commit"`
	Branch  string    `json:"branch"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Results int       `json:"results"`
}

type ciChange struct {
	ID     int       `json:"id"`
	Repo   string    `json:"repo"`
	Branch string    `json:"branch"`
	Commit string    `json:"commit"`
	At     time.Time `json:"at"`
}
