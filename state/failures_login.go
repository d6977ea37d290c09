package state

// loginFailures are F15 to F20, then F49 and F50.
var loginFailures = []Failure{
	{
		ID: "F15", Title: "The callback address does not match", Severity: Broken, Area: areaLogin, Prevented: true,
		Why:  "GitHub sends people back only to the address that the App names. For oauth2-proxy that ends in /oauth2/callback, for buildbot's own login in /auth/login; notes often give the first for both.",
		Seen: "redirect_uri_mismatch when a made-up code is exchanged, and the redirect of the front page",
		Fix:  "open the login App's page and set the callback: https://<ci.domain>/oauth2/callback for the proxy, https://<ci.domain>/auth/login for buildbot",
	},
	{
		ID: "F16", Title: "The client secrets of two Apps are swapped", Severity: Broken, Area: areaLogin, Prevented: true,
		Why:  "Both Apps show an id and a secret of the same form, and both are pasted by hand. Each is right, only under the other's name.",
		Seen: "each client id with each secret, by an exchange with a made-up code",
		Fix:  "run nixwright doctor F16 --fix: it seals each secret under the App that it fits",
	},
	{
		ID: "F17", Title: "The login asks for too much or too little", Severity: Risk, Area: areaLogin, Prevented: true,
		Why:  "buildbot-nix asks for the scope repo by default: every visitor would hand over write access to all repositories. Cut too far, without read:org, membership of an organisation cannot be seen and the login fails.",
		Seen: "the scope in the redirect of /oauth2/start",
		Fix:  "run nixwright render and deploy: the module sets read:user user:email read:org",
	},
	{
		ID: "F18", Title: "The cookie secret is not accepted", Severity: Broken, Area: areaLogin, Prevented: true,
		Why:  "oauth2-proxy wants 16, 24 or 32 bytes, as they are or in URL-safe base64. Standard base64 with + or /, 64 hexadecimal digits, quotes or a line end at the end give another length, and it does not start.",
		Seen: "the value's form, and the unit's log \"cookie_secret must be 16, 24, or 32 bytes\"",
		Fix:  "run nixwright secrets rotate oauth2-proxy-cookie-secret, in two-logins oauth2-proxy-env, and deploy; people sign in again",
	},
	{
		ID: "F19", Title: "WebSocket or event stream is not passed on", Severity: Broken, Area: areaLogin, Prevented: true,
		Why:  "The pages hear of new builds over /ws and /sse. Without the upgrade headers, a long timeout and unbuffered answers in nginx the pages stand still until they are loaded again.",
		Seen: "a request to upgrade /ws through the public address; behind the login only a browser sees it",
		Fix:  "run nixwright render and deploy: the module sets both locations",
	},
	{
		ID: "F20", Title: "The login keeps nobody out", Severity: Broken, Area: areaLogin, Prevented: true,
		Why:  "buildbot answers reads without any login. Only the proxy before it restricts; a location that goes past it, or an open port 8010, shows everything to everyone.",
		Seen: "GET /, /api, /ws and /sse without a login, and port 8010 from outside",
		Fix:  "run nixwright render and deploy, and take other nginx locations and firewall openings of this host out",
	},
	{
		ID: "F49", Title: "Build outputs are served without login", Severity: Risk, Area: areaLogin, Prevented: true,
		Why:  "In fully-private buildbot-nix puts its pages behind the proxy, but nginx serves /nix-outputs/ directly: the names and paths of all builds are public.",
		Seen: "GET /nix-outputs/ without a login answers 200",
		Fix:  "run nixwright render and deploy: the module puts the location behind the login",
	},
	{
		ID: "F50", Title: "The internal password reaches browsers", Severity: Risk, Area: areaLogin,
		Why:  "With set-basic-auth, as buildbot-nix sets it, every answer to someone signed in carries an Authorization header with the password that proxy and buildbot share. Whoever has it can act under any admin's name; so can whoever guesses it.",
		Seen: "an Authorization header in what a stranger gets, and the password's length; what someone signed in gets, a stranger cannot see",
		Fix:  "run nixwright render and deploy, then nixwright secrets rotate buildbot-http-basic-auth-password",
	},
}
