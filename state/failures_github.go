package state

// gitHubFailures are F1 to F14.
var gitHubFailures = []Failure{
	{
		ID: "F1", Title: "The webhook does not reach buildbot", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "GitHub posts every push to one address. When that address is not the one buildbot listens at, nginx answers 404, 502 or a login page and no build starts. buildbot listens on IPv4 only, so a proxy that points at [::1] gets no connection.",
		Seen: "the hook's address against https://<ci.domain>/change_hook/github, its last response, and a signed ping to the public address",
		Fix:  "run nixwright render, deploy, then nixwright setup --only check-webhook",
	},
	{
		ID: "F2", Title: "The CI's App lacks a permission", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "buildbot-nix makes a webhook on every repository by itself and needs Webhooks: read and write for it, besides contents, metadata and pull requests (read) and commit statuses (write). Without it the step that makes the hooks fails, and the reload of the projects after it never runs.",
		Seen: "the permissions that GET /app lists against the needed ones; 403 \"Resource not accessible by integration\"",
		Fix:  "open the App's page, Permissions & events, add what is missing, save, and accept it for the installation (F3)",
	},
	{
		ID: "F3", Title: "A new permission was never accepted", Severity: Broken, Area: areaGitHub,
		Why:  "A permission that is added to an App later holds for an installation only after the account's owner accepted it. Until then the App's page shows it and every call is refused.",
		Seen: "the permissions of the installation against those of the App",
		Fix:  "open https://github.com/settings/installations, choose the App, press \"Review request\" and accept",
	},
	{
		ID: "F4", Title: "The App is not installed on a repository", Severity: Broken, Area: areaGitHub,
		Why:  "An App sees only the repositories that it was installed on. A member of an organisation who is not its owner can only ask for that; the request waits without a sign.",
		Seen: "GET /repos/{owner}/{repo}/installation answers 404",
		Fix:  "run nixwright setup --only github-install: it opens the page with the repository chosen, and waits for the click",
	},
	{
		ID: "F5", Title: "Repositories of several owners", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "An App has one installation per account. buildbot-nix works with the first that it finds, so repositories of any other owner get no builds and no statuses.",
		Seen: "the owners of github.repos, and the App's installations",
		Fix:  "keep the repositories of one owner in github.repos and set up a CI of its own, in another directory, for each other owner",
	},
	{
		ID: "F6", Title: "A hook still signs with an old secret", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "buildbot-nix leaves a hook alone when its address is there already, so a new webhook secret never gets to GitHub. buildbot then refuses every delivery.",
		Seen: "a ping signed with the sealed secret is accepted while GitHub's own deliveries end with 400",
		Fix:  "run nixwright secrets rotate buildbot-github-webhook-secret: it gives the new secret to the hooks too",
	},
	{
		ID: "F7", Title: "A repository is not discovered", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "buildbot-nix builds a repository only when it passes every filter at once: the App is installed on it, it has the topic, and it is on the allow-list where there is one. One that fails leaves it out silently.",
		Seen: "a table of the filters for each repository, and the projects that buildbot lists",
		Fix:  "run nixwright setup --only github-install,repo-topic and compare github.repos, then reload the projects",
	},
	{
		ID: "F8", Title: "Every push arrives twice", Severity: Risk, Area: areaGitHub, Prevented: true,
		Why:  "The App's own webhook and the hook that buildbot-nix makes on the repository are both active, so each push makes two changes and the work is done or cancelled twice.",
		Seen: "more than one active hook per push, and changes with the same revision",
		Fix:  "open the App's page, untick Webhook: Active, and save; no API turns that hook off",
	},
	{
		ID: "F9", Title: "A hook answers too late or redirects", Severity: Broken, Area: areaGitHub,
		Why:  "GitHub gives an answer ten seconds, follows no redirect and sends a delivery once only. A busy master or a redirect to https or to the login page loses the push.",
		Seen: "the duration of recorded deliveries, and statuses 301, 302 and 504",
		Fix:  "point the hook at the final https address (nixwright setup --only check-webhook) and send lost deliveries again from the hook's page",
	},
	{
		ID: "F10", Title: "GitHub limits the status reports", Severity: Risk, Area: areaGitHub,
		Why:  "A commit takes at most 1000 statuses, and many writes in a minute run into GitHub's second limit. buildbot-nix also stops after 47 reports of failed checks per evaluation, so a commit can look greener than it is.",
		Seen: "403 or 429 with limit headers, and the number of checks of an evaluation",
		Fix:  "build fewer top-level checks: join small ones with pkgs.linkFarm; wait for the time that the answer names",
	},
	{
		ID: "F11", Title: "A required check has another name", Severity: Broken, Area: areaGitHub,
		Why:  "Branch protection waits for statuses by their exact name. When the CI or its names change, the old name never comes and no pull request can be merged.",
		Seen: "the names that branch protection requires against those posted on the newest commit",
		Fix:  "open the repository's Settings, Branches, and require buildbot/nix-build in place of the old name",
	},
	{
		ID: "F12", Title: "The App's name cannot be had", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "App names are one list for all of GitHub, at most 34 characters, and may not be another account's name. Blanks turn into hyphens in the App's address, so that what is looked for later has another name.",
		Seen: "the name before anything is asked, and the errors of the page that makes the App",
		Fix:  "choose another name with --set github.app_name=NAME, or the key of the login App that is named",
	},
	{
		ID: "F13", Title: "The private key does not fit the App", Severity: Broken, Area: areaGitHub, Prevented: true,
		Why:  "The CI signs as the App with an RSA key. A key of another App, a file that is cut off, or one that buildbot may not read ends every call with 401.",
		Seen: "GET /app signed with the sealed key answers 401, or the value is no RSA key in PEM",
		Fix:  "open the App's page, press \"Generate a private key\", set adopt.app_key_file to the file and run nixwright setup --only github-app",
	},
	{
		ID: "F14", Title: "The clock is off", Severity: Broken, Area: areaGitHub,
		Why:  "A signature as an App is good for minutes, and S3 takes requests of the last fifteen. A clock that is wrong by more than a minute makes right keys look wrong.",
		Seen: "the Date of an answer against this machine's clock, and the host's",
		Fix:  "set services.timesyncd.enable = true on NixOS, or run timedatectl set-ntp true, and look at timedatectl status",
	},
}
