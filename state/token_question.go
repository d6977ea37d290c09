package state

// TokenQuestion asks for a token: the page that makes it, filled in; what to
// press there, in the page's own words; what it may then do, and why.
func TokenQuestion(key string, e Endpoints) Question {
	q, _ := QuestionFor(key)
	if key == "github.token" {
		q.URL = GitHubTokenURL(e.GitHubWeb)
		q.Asks = PermissionsFor(ForGitHubToken)
		q.How = []string{"Press \"Generate token\".", "Copy it, and paste it here."}
		return q
	}
	q.URL = CloudflareTokenURL(e.CloudflareAPI, false)
	q.Asks = PermissionsFor(CloudflareFor(false))
	q.How = []string{"Press \"Continue to summary\", then \"Create Token\".", "Press \"Copy\", and paste it here."}
	return q
}

// Yes says whether an answer is a yes.
func Yes(v Secret) bool {
	yes, err := ParseYes(v.Reveal())
	return err == nil && yes
}
