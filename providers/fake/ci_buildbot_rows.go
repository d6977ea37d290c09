package fake

// The rows of buildbot's data API, in the shape of a real 4.3.0. Times are
// seconds since 1970; what is a pointer may be null.

type bbBuilder struct {
	ID                int      `json:"builderid"`
	Description       *string  `json:"description"`
	DescriptionFormat *string  `json:"description_format"`
	DescriptionHTML   *string  `json:"description_html"`
	Masters           []int    `json:"masterids"`
	Name              string   `json:"name"`
	Project           *int     `json:"projectid"`
	Tags              []string `json:"tags"`
}

type bbBuild struct {
	ID         int            `json:"buildid"`
	Builder    int            `json:"builderid"`
	Request    int            `json:"buildrequestid"`
	Complete   bool           `json:"complete"`
	CompleteAt *int           `json:"complete_at"`
	Locks      int            `json:"locks_duration_s"`
	Master     int            `json:"masterid"`
	Number     int            `json:"number"`
	Properties map[string]any `json:"properties"` // name: [value, source]
	Results    *int           `json:"results"`
	Started    int            `json:"started_at"`
	State      string         `json:"state_string"`
	Worker     int            `json:"workerid"`

	EventType string `json:"_event_type,omitempty"` //nolint:tagliatelle // in buildbot-nix's own events
}

type bbStep struct {
	ID         int      `json:"stepid"`
	Build      int      `json:"buildid"`
	Complete   bool     `json:"complete"`
	CompleteAt *int     `json:"complete_at"`
	Hidden     bool     `json:"hidden"`
	Locks      *int     `json:"locks_acquired_at"`
	Name       string   `json:"name"`
	Number     int      `json:"number"`
	Results    *int     `json:"results"`
	Started    *int     `json:"started_at"`
	State      string   `json:"state_string"`
	URLs       []bbLink `json:"urls"`
}

type bbLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type bbLog struct {
	ID       int    `json:"logid"`
	Complete bool   `json:"complete"`
	Name     string `json:"name"`
	Lines    int    `json:"num_lines"`
	Slug     string `json:"slug"`
	Step     int    `json:"stepid"`
	Type     string `json:"type"`
}

type bbRequest struct {
	ID         int  `json:"buildrequestid"`
	Builder    int  `json:"builderid"`
	Set        int  `json:"buildsetid"`
	Claimed    bool `json:"claimed"`
	ClaimedAt  *int `json:"claimed_at"`
	ClaimedBy  *int `json:"claimed_by_masterid"`
	Complete   bool `json:"complete"`
	CompleteAt *int `json:"complete_at"`
	Priority   int  `json:"priority"`
	Properties *int `json:"properties"` // always null
	Results    int  `json:"results"`    // -1: none yet
	Submitted  int  `json:"submitted_at"`
	WaitedFor  bool `json:"waited_for"`

	order bbOrder // what to build
}

type bbSet struct {
	ID         int       `json:"bsid"`
	Complete   bool      `json:"complete"`
	CompleteAt *int      `json:"complete_at"`
	External   *string   `json:"external_idstring"`
	Parent     *int      `json:"parent_buildid"`
	Relation   *string   `json:"parent_relationship"`
	Reason     string    `json:"reason"`
	Rebuilt    *int      `json:"rebuilt_buildid"`
	Results    *int      `json:"results"`
	Stamps     []bbStamp `json:"sourcestamps"`
	Submitted  int       `json:"submitted_at"`
}

type bbWorker struct {
	ID         int            `json:"workerid"`
	Configured []bbConfigured `json:"configured_on"`
	Connected  []bbConnected  `json:"connected_to"`
	Graceful   bool           `json:"graceful"`
	Name       string         `json:"name"`
	Reason     *string        `json:"pause_reason"`
	Paused     bool           `json:"paused"`
	Info       bbInfo         `json:"workerinfo"`
}

type bbConfigured struct {
	Builder int `json:"builderid"`
	Master  int `json:"masterid"`
}

type bbConnected struct {
	Master int `json:"masterid"`
}

type bbInfo struct {
	AccessURI *string `json:"access_uri"`
	Admin     *string `json:"admin"`
	Host      *string `json:"host"`
	Version   string  `json:"version"`
}

type bbChange struct {
	ID         int            `json:"changeid"`
	Author     string         `json:"author"`
	Branch     string         `json:"branch"`
	Category   string         `json:"category"`
	Codebase   string         `json:"codebase"`
	Comments   string         `json:"comments"`
	Committer  string         `json:"committer"`
	Files      []string       `json:"files"`
	Parents    []int          `json:"parent_changeids"`
	Project    string         `json:"project"`
	Properties map[string]any `json:"properties"`
	Repository string         `json:"repository"`
	Revision   string         `json:"revision"`
	Link       string         `json:"revlink"`
	Stamp      bbStamp        `json:"sourcestamp"`
	When       int            `json:"when_timestamp"`
}

type bbStamp struct {
	ID         int     `json:"ssid"`
	Branch     string  `json:"branch"`
	Codebase   string  `json:"codebase"`
	Created    int     `json:"created_at"`
	Patch      *string `json:"patch"`
	Project    string  `json:"project"`
	Repository string  `json:"repository"`
	Revision   string  `json:"revision"`
}

type bbMaster struct {
	ID     int    `json:"masterid"`
	Active bool   `json:"active"`
	Seen   int    `json:"last_active"`
	Name   string `json:"name"`
}

type bbProject struct {
	ID                int     `json:"projectid"`
	Active            *bool   `json:"active"`
	Description       *string `json:"description"`
	DescriptionFormat *string `json:"description_format"`
	DescriptionHTML   *string `json:"description_html"`
	Name              string  `json:"name"`
	Slug              string  `json:"slug"`
}

type bbScheduler struct {
	Name     string   `json:"name"`
	Fields   []any    `json:"all_fields"`
	Builders []string `json:"builder_names"`
	Button   string   `json:"button_name"`
	Enabled  bool     `json:"enabled"`
	Label    string   `json:"label"`
}
