package state

// secretFailures are F34 to F40.
var secretFailures = []Failure{
	{
		ID: "F34", Title: "A secret belongs to a user that is not there", Severity: Broken, Area: areaSecrets, Prevented: true,
		Why:  "sops-nix installs all secrets or none. One whose owner does not exist, or is root while a service reads it under another user, stops them all, and the whole deployment with them.",
		Seen: "the owners in the configuration against its users",
		Fix:  "run nixwright render and deploy: the module declares every secret with its owner",
	},
	{
		ID: "F35", Title: "The host cannot read the secrets", Severity: Broken, Area: areaSecrets, Prevented: true,
		Why:  "The host opens the file with its SSH host key. When that key is not among the recipients, or the host was installed anew, activation fails with \"no identity matched\".",
		Seen: "the recipients of the file against the host's key",
		Fix:  "run nixwright setup --only recipients,secrets-file, then deploy",
	},
	{
		ID: "F36", Title: "Rule and file have different recipients", Severity: Risk, Area: areaSecrets, Prevented: true,
		Why:  "A change of .sops.yaml holds for new files only. Until updatekeys has run, someone who was added cannot read, and someone who was removed still can.",
		Seen: "the recipients of the creation rule against those of the file",
		Fix:  "run nixwright setup --only secrets-file, or sops updatekeys FILE; rotate the secrets where someone was removed",
	},
	{
		ID: "F37", Title: "A secret has a line end, quote or backslash", Severity: Broken, Area: areaSecrets, Prevented: true,
		Why:  "Secrets are spliced into environment and TOML files as they are. A line end at the end, which editors and openssl add, or a quote makes another value of it, or a file that does not parse.",
		Seen: "the form of the value",
		Fix:  "run nixwright secrets check, then nixwright secrets rotate NAME, or seal the value again without it (printf %s, not echo)",
	},
	{
		ID: "F38", Title: "The list of workers is malformed", Severity: Broken, Area: areaSecrets, Prevented: true,
		Why:  "The master reads a JSON list of name, pass and cores, and does not start when it is empty, is no JSON, or says password in place of pass.",
		Seen: "the value read by the backend's own rules",
		Fix:  "run nixwright secrets rotate buildbot-nix-workers: it is composed again from [[workers]] and the worker password",
	},
	{
		ID: "F39", Title: "A worker and the list do not agree", Severity: Broken, Area: areaSecrets, Prevented: true,
		Why:  "A worker signs in under the name of its host, once per core. Where password, name or number differ from the master's list, some or all are refused and try again for ever.",
		Seen: "the list against password and [[workers]]; \"invalid login from unknown user\" in the master's log",
		Fix:  "run nixwright setup --only local-secrets,nix-module, then deploy",
	},
	{
		ID: "F40", Title: "No certificate, or it ends soon", Severity: Broken, Area: areaSecrets,
		Why:  "Let's Encrypt asks the domain on port 80. A record that is missing or proxied elsewhere, a closed port, or too many tries in a week leave nginx with a certificate that nobody trusts.",
		Seen: "DNS of the domain, the certificate's issuer and end, and the acme unit",
		Fix:  "run nixwright setup --only dns, open ports 80 and 443, then systemctl restart acme-<ci.domain>.service on the host",
	},
}
