package state

// runningFailures are F41 to F48.
var runningFailures = []Failure{
	{
		ID: "F41", Title: "Evaluation runs out of memory", Severity: Risk, Area: areaRunning,
		Why:  "Each evaluation worker may take 4 GiB and more, and all run at once. When the sum is more than the host has, the kernel kills one, and the evaluation is red with no word of why.",
		Seen: "ci.eval_workers times their memory against the host's, and the unit's OOM events",
		Fix:  "lower ci.eval_workers, run nixwright render, deploy",
	},
	{
		ID: "F42", Title: "The disk or its inodes are full", Severity: Broken, Area: areaRunning,
		Why:  "Every build keeps a root against collection. Where they are never reaped the store only grows; small files use up inodes long before space.",
		Seen: "free space and inodes of /nix/store, and the age of the roots",
		Fix:  "run nix-collect-garbage on the host, and set nix.gc.automatic = true and nix.settings.min-free",
	},
	{
		ID: "F43", Title: "Builds are stuck", Severity: Broken, Area: areaRunning,
		Why:  "A build waits for ever where no worker is connected, none builds its system, or it is silent until the limit of twenty minutes.",
		Seen: "the age of requests, and the state of the workers",
		Fix:  "look at nixwright worker list; systemctl restart buildbot-worker on the host; nixwright builds stop what is silent",
	},
	{
		ID: "F44", Title: "A known bug of this version answers 502", Severity: Broken, Area: areaRunning,
		Why:  "Some versions of the servers break under load or at some requests, and nginx answers 502 for them. It looks like a wrong set-up and is none.",
		Seen: "the version against the list of known bugs",
		Fix:  "update the input that the finding names (nix flake update NAME, or npins update NAME), deploy",
	},
	{
		ID: "F45", Title: "A service restarts again and again", Severity: Broken, Area: areaRunning,
		Why:  "With Restart=always a service that dies at start looks active most of the time it is looked at.",
		Seen: "the unit's count of restarts rises",
		Fix:  "read the last error alone: nixwright doctor F48, or journalctl -u UNIT -p err on the host",
	},
	{
		ID: "F46", Title: "Nothing builds although all is set up", Severity: Note, Area: areaRunning,
		Why:  "buildbot-nix learns of a repository when it reloads its projects, and of a pull request when that is opened or pushed to. What was there before is not built by itself.",
		Seen: "buildbot's projects against github.repos",
		Fix:  "press \"Reload projects\" on the CI's page, then push, or close and reopen the pull request",
	},
	{
		ID: "F47", Title: "The page stays blank", Severity: Broken, Area: areaRunning, Prevented: true,
		Why:  "The pages take their address from buildbot's configuration. Where that says http, or another host than the browser's, scripts and the event stream are blocked.",
		Seen: "the address in buildbot's own configuration against the public one",
		Fix:  "run nixwright render and deploy: the module sets domain and HTTPS",
	},
	{
		ID: "F48", Title: "A service does not start", Severity: Broken, Area: areaRunning,
		Why:  "The cause is one line, early in a wall of others; what follows are only its consequences.",
		Seen: "the unit is failed; its last error, shown alone",
		Fix:  "mend what that line names; nixwright secrets check finds the most frequent cause",
	},
}
