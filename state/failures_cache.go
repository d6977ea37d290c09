package state

// cacheFailures are F21 to F33.
var cacheFailures = []Failure{
	{
		ID: "F21", Title: "The S3 keys are not what R2 takes", Severity: Broken, Area: areaCache, Prevented: true,
		Why:  "R2 takes the id of an API token as access key and the SHA-256 of its value, in 64 hexadecimal digits, as secret key. The value itself, which Cloudflare shows, is refused.",
		Seen: "the form of the two values, and a signed request that ends with 403",
		Fix:  "run nixwright secrets rotate niks3-s3-secret-key, then deploy",
	},
	{
		ID: "F22", Title: "The R2 token is for something else", Severity: Risk, Area: areaCache, Prevented: true,
		Why:  "A token for another bucket or an expired one cannot write. One for all buckets works, but whoever reads it on the host can delete everything in the account.",
		Seen: "the token's policy and end; another bucket must be refused",
		Fix:  "run nixwright setup --only r2-token to make one for this bucket alone, deploy, and delete the old one at https://dash.cloudflare.com/?to=/:account/r2/api-tokens",
	},
	{
		ID: "F23", Title: "The cache's domain is not active", Severity: Broken, Area: areaCache,
		Why:  "A bucket's own domain waits for ownership and certificate. It never gets them where the zone is in another account or on hold, or where its DNS is elsewhere (a partial, CNAME set-up) and the record is not made there.",
		Seen: "the domain's status at Cloudflare, and the type of its zone",
		Fix:  "run nixwright setup --only r2-domain to wait for it; in a partial zone make the CNAME record where its DNS is; else take cache.domain from a zone of this account",
	},
	{
		ID: "F24", Title: "Narinfo files are not cached at the edge", Severity: Note, Area: areaCache,
		Why:  "Cloudflare caches only usual file endings, and .narinfo is none: every question goes to R2 and is billed. A rule that also caches 404 for long hides a path that was just uploaded.",
		Seen: "cf-cache-status of a narinfo: DYNAMIC; the time from an upload to the first 200",
		Fix:  "add a cache rule in the zone: hostname is <cache.domain>, eligible for cache; status 200: 1 day, status 404: no store",
	},
	{
		ID: "F25", Title: "A challenge page stands in the way", Severity: Broken, Area: areaCache,
		Why:  "Bot protection or a firewall rule of the zone answers Nix with an HTML page. Nix sees no narinfo and builds everything itself, without an error.",
		Seen: "type and body of an answer to Nix's User-Agent",
		Fix:  "add a WAF rule in the zone that skips all checks where the hostname is <cache.domain>; turn Bot Fight Mode off",
	},
	{
		ID: "F26", Title: "Clients do not trust the signatures", Severity: Broken, Area: areaCache, Prevented: true,
		Why:  "A client takes a path only when it is signed by a key that it knows by name and value. A key of another name, a public key given to niks3 as its signing key, or a client without the new key make every download be ignored.",
		Seen: "Sig of the newest narinfo against the published key and the clients' file",
		Fix:  "run nixwright render and deploy clients and host; nixwright secrets check names a key of the wrong form",
	},
	{
		ID: "F27", Title: "niks3 starts before the network", Severity: Risk, Area: areaCache, Prevented: true,
		Why:  "At boot niks3 looks for its S3 host before names can be resolved, fails, and may stay down after a few tries.",
		Seen: "the unit's order, and \"no such host\" in the journal of the boot",
		Fix:  "run nixwright render and deploy: the module orders it after network-online.target",
	},
	{
		ID: "F28", Title: "Garbage is not collected", Severity: Risk, Area: areaCache,
		Why:  "Without collection the bucket only grows. The timer may be missing, its last run may have failed, or gc.older_than may keep more than was meant.",
		Seen: "niks3-gc.timer, the result of its last run, niks3's own status",
		Fix:  "run nixwright gc status, then nixwright gc run; look at journalctl -u niks3-gc on the host",
	},
	{
		ID: "F29", Title: "Uploads of large closures are slow", Severity: Note, Area: areaCache,
		Why:  "A closure of thousands of paths is sent in many parts; R2 limits them with 429, and an upload that waits too long is thrown away and begun again.",
		Seen: "the duration of uploads, and the age of those that are pending",
		Fix:  "build less at once (ci.eval_workers, workers), and leave what cache.nixos.org has out of the checks",
	},
	{
		ID: "F30", Title: "niks3's client and server differ", Severity: Risk, Area: areaCache,
		Why:  "The protocol between the two changes from version to version. buildbot-nix brings a client of its own, so the two are updated apart, and a client that is too new or too old is refused.",
		Seen: "the versions of both, and 400 or 404 in the step \"Upload to niks3\"",
		Fix:  "let buildbot-nix's input niks3 follow yours, update both, deploy",
	},
	{
		ID: "F31", Title: "The API token of niks3 is too short", Severity: Broken, Area: areaCache, Prevented: true,
		Why:  "niks3 does not start with a token of fewer than 36 characters.",
		Seen: "the length of the value",
		Fix:  "run nixwright secrets rotate niks3-api-token, then deploy",
	},
	{
		ID: "F32", Title: "Green, but not uploaded", Severity: Broken, Area: areaCache,
		Why:  "The upload after a build only warns. When niks3 or R2 refuses, the build stays green and clients build the same again.",
		Seen: "the result of the step \"Upload to niks3\", and the output's narinfo missing in the cache",
		Fix:  "read that step's log (nixwright builds log), mend what it names, and build again (nixwright builds restart)",
	},
	{
		ID: "F33", Title: "The API token stands on a command line", Severity: Risk, Area: areaCache,
		Why:  "Versions of buildbot-nix call niks3 push with --auth-token VALUE. Every user of the host can read it in the list of processes, and may write to the cache.",
		Seen: "the list of processes during an upload, and the module's version",
		Fix:  "update buildbot-nix; until then let no other users onto the host, and run nixwright secrets rotate niks3-api-token afterwards",
	},
}
