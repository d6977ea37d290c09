package fake

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// fillHalfDone is a set-up made by hand, nine of its eleven boxes ticked: the
// App is not installed and the topic is missing; the host runs it all without
// our module.
func (s *State) fillHalfDone(zone string, now time.Time) error {
	g, c, made := &s.GitHub, &s.Config, now.AddDate(0, 0, -20)
	private, public, err := newAppKey()
	if err != nil {
		return err
	}
	secrets := map[string]string{
		"buildbot-nix-worker-password":   base64.URLEncoding.EncodeToString(s.derive("worker"))[:43],
		"buildbot-github-webhook-secret": s.Make("webhook", 64),
		"buildbot-github-app-secret-key": private,
		"buildbot-github-oauth-secret":   s.Make("client-secret", 40),
		"niks3-api-token":                s.Make("niks3-token", 64),
	}
	secrets["buildbot-nix-workers"] = fmt.Sprintf(`[{"name":"%s","pass":"%s","cores":%d}]`,
		c.Host.Name, secrets["buildbot-nix-worker-password"], c.Workers[0].Cores)
	proxySecret := s.Make("client-secret", 40)
	secrets["oauth2-proxy-env"] = "OAUTH2_PROXY_CLIENT_SECRET=" + proxySecret +
		"\nOAUTH2_PROXY_COOKIE_SECRET=" + base64.URLEncoding.EncodeToString(s.derive("cookie"))
	secrets["niks3-signing-key"] = c.Cache.KeyName + ":" +
		base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(s.derive("signing")))

	app := ghApp{
		ID: c.Adopt.AppID, Slug: c.GitHub.AppName, Name: c.GitHub.AppName, Owner: theOwner, URL: "https://" + c.CI.Domain,
		ClientID: "Iv23liE6dM8w5D4JF7Qz", ClientSecret: s.Make("client-secret", 40), PublicKey: public, At: made,
		Permissions: map[string]string{"contents": "read", "metadata": "read", "pull_requests": "read", "statuses": "write"},
		Events:      []string{"push", "pull_request"},
	}
	app.Hook = ghHook{
		ID: g.nextID(), URL: "https://" + c.CI.Domain + c.CI.WebhookPath, ContentType: "json", Active: true, Events: app.Events,
		Secret: secrets["buildbot-github-webhook-secret"], At: made,
	}
	g.Apps = append(g.Apps, app)
	g.OAuthApps = []ghOAuthApp{
		{
			Name: c.GitHub.BuildbotLoginApp, Owner: theOwner, ClientID: c.Adopt.BuildbotLoginClientID,
			ClientSecret: secrets["buildbot-github-oauth-secret"], Callback: "https://" + c.CI.Domain + "/auth/login",
		},
		{
			Name: c.GitHub.ProxyLoginApp, Owner: theOwner, ClientID: c.Adopt.ProxyLoginClientID,
			ClientSecret: proxySecret, Callback: "https://" + c.CI.Domain + "/oauth2/callback",
		},
	}
	secrets["niks3-s3-access-key"], secrets["niks3-s3-secret-key"] = s.fillBucket(zone)

	s.Host.unitsUp(now)
	s.Host.Secrets = secrets
	s.CI.Mode, s.CI.Proxy, s.CI.Secrets, s.CI.App = byHand, c.Adopt.ProxyLoginClientID, secrets, app.ID
	return nil
}

// fillBucket makes bucket, domain, the CI's DNS record and the token that is
// the bucket's pair of S3 keys, which it returns.
func (s *State) fillBucket(zone string) (access, secret string) {
	r2, ci := s.Config.Cache.R2, s.Config.CI.Domain
	s.addBucket(CloudBucket{Account: r2.Account, Name: r2.Bucket, Location: r2.Location})
	s.connectDomain(r2.Account, r2.Bucket, s.Config.Cache.Domain)
	s.addRecord(CloudRecord{Zone: zone, Type: "A", Name: ci, Content: s.Host.Address})
	id, value := s.addToken(CloudToken{Name: r2.TokenName, Policies: bucketPolicies(r2.Account, r2.Jurisdiction, r2.Bucket)})
	sum := sha256.Sum256([]byte(value))
	return id, hex.EncodeToString(sum[:])
}
