package state

// Choice is one answer of several, and what follows from it.
type Choice struct {
	Value       string `json:"value"` // in the form that Config.Set takes; empty: left out
	Means       string `json:"means"` // one sentence, without a full stop
	Recommended bool   `json:"recommended,omitempty"`
}

// Choose lists the answers to choose from, the recommended one first. Where the
// question has Choices these are all of them, and where it has none others are
// as good: they are offers. None: the answer is typed.
//
// Sources: Cloudflare's pages on R2's data location and storage classes,
// systemd.time(7), and what buildbot-nix and niks3 do.
func Choose(key string) []Choice {
	var out []Choice
	for _, c := range choices {
		if c.key == key {
			out = append(out, Choice{Value: c.value, Means: c.means, Recommended: len(out) == 0})
		}
	}
	return out
}

// choices is the table, in the order of the questions; the first of a key is
// recommended.
var choices = []struct{ key, value, means string }{
	{"host.system", "x86_64-linux", "a processor of Intel or AMD"},
	{"host.system", "aarch64-linux", "a processor of Arm, 64 bits"},

	{"ci.access", FullyPrivate, "one login stands before all pages, and the console can start and stop builds"},
	{"ci.access", TwoLogins, "people sign in at the door, and once more in buildbot to control builds; one more App, and the console can only look"},

	{"ci.eval_workers", "", "as many as the host's memory and threads have room for"},
	{"ci.eval_workers", "4", "up to 16 GiB of memory while it evaluates"},
	{"ci.eval_workers", "1", "up to 4 GiB of memory; the slowest"},
	{"ci.eval_workers", "2", "up to 8 GiB of memory"},
	{"ci.eval_workers", "8", "up to 32 GiB of memory"},
	{"ci.eval_workers", "16", "up to 64 GiB of memory"},

	{"github.login", ViaGitHubApp, "made by one click; its secret comes back by itself, and it asks people for their mail address only"},
	{"github.login", ViaOAuthApp, "a form that is filled in already, then its client id and its secret to copy and paste"},

	{"cache.r2.location", "", "Cloudflare takes what is near to the computer that setup runs on"},
	{"cache.r2.location", "weur", "Western Europe"},
	{"cache.r2.location", "eeur", "Eastern Europe"},
	{"cache.r2.location", "enam", "Eastern North America"},
	{"cache.r2.location", "wnam", "Western North America"},
	{"cache.r2.location", "apac", "Asia-Pacific"},
	{"cache.r2.location", "oc", "Oceania"},

	{"cache.r2.jurisdiction", "", "no promise is needed: the location decides"},
	{"cache.r2.jurisdiction", "eu", "the objects are promised to stay in the European Union"},
	{"cache.r2.jurisdiction", "fedramp", "the objects are kept under FedRAMP, for authorities of the USA; Enterprise accounts only"},

	{"cache.r2.storage_class", "Standard", "reading what is stored costs no more than its requests; right for a cache"},
	{"cache.r2.storage_class", "InfrequentAccess", "cheaper to keep, dearer to read, and each object is paid for 30 days at least"},

	{"gc.older_than", "720h", "30 days"},
	{"gc.older_than", "168h", "7 days: a small bucket, but what rests for a week is built again"},
	{"gc.older_than", "336h", "14 days"},
	{"gc.older_than", "2160h", "90 days"},
	{"gc.older_than", "8760h", "a year: a large bucket, but old commits are still there"},

	{"gc.schedule", "daily", "every day at midnight, by the host's clock"},
	{"gc.schedule", "*-*-* 04:00:00", "every day at four in the morning"},
	{"gc.schedule", "weekly", "on Mondays at midnight"},
	{"gc.schedule", "monthly", "on the first of the month at midnight"},
}
