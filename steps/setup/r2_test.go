package setup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/steps/stepstest"
)

const bucketName = "phlip9-nix-cache"

func TestBucketFinds(t *testing.T) {
	bucket := func(l *lab, location string) {
		l.cloud.buckets[bucketName] = state.Bucket{Name: bucketName, Account: account, Location: location}
	}
	sights(t, "r2-bucket", deployed, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", "phlip9-nix-cache in weur"},
		{"none", func(l *lab) { delete(l.cloud.buckets, bucketName) }, steps.Missing, "", "create bucket phlip9-nix-cache"},
		{"none, a place wanted", func(l *lab) {
			delete(l.cloud.buckets, bucketName)
			l.conf.Cache.R2.Location = "eeur"
		}, steps.Missing, "", "create bucket phlip9-nix-cache in eeur"},
		{"elsewhere", func(l *lab) { bucket(l, "APAC"); l.conf.Cache.R2.Location = "weur" }, steps.Ready, "", "is in apac, not in weur"},
		{"the same place in other letters", func(l *lab) { bucket(l, "WEUR"); l.conf.Cache.R2.Location = "weur" }, steps.Ready, "", ""},
		{"nobody says where", func(l *lab) { bucket(l, ""); l.conf.Cache.R2.Location = "weur" }, steps.Ready, "", ""},
	})
}

func TestABucketThatSomebodyMadeMeanwhileIsTaken(t *testing.T) {
	l := ruled(t)
	l.setup(t, "preflight")
	l.cloud.buckets[bucketName] = state.Bucket{Name: bucketName, Account: account}
	if err := (r2Bucket{l.deps()}).Apply(t.Context(), l.known, steps.Finding{}, nil); err != nil {
		t.Error(err)
	}
	l.fail["CreateBucket"] = call(state.ErrDenied)
	if err := (r2Bucket{l.deps()}).Apply(t.Context(), l.known, steps.Finding{}, nil); err == nil {
		t.Error("a refusal is passed over")
	}
}

func TestDomainFinds(t *testing.T) {
	domain := func(change func(*state.CacheDomain)) func(*lab) {
		return func(l *lab) {
			d := l.cloud.domains["cache.phlip9.com"]
			change(&d)
			l.cloud.domains["cache.phlip9.com"] = d
		}
	}
	is := func(ownership, ssl string) func(*lab) {
		return func(l *lab) {
			l.cloud.slow = 9
			domain(func(d *state.CacheDomain) { d.Ownership, d.SSL = ownership, ssl })(l)
		}
	}
	sights(t, "r2-domain", deployed, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", "cache.phlip9.com"},
		{"none", func(l *lab) { clear(l.cloud.domains) }, steps.Missing, "", "connect domain cache.phlip9.com, TLS 1.2 or newer"},
		{"no bucket yet", func(l *lab) { clear(l.cloud.domains); clear(l.cloud.buckets) }, steps.Missing, "", "connect"},
		{"certificate on its way", is("active", "initializing"), steps.Waiting, "", "ownership active, certificate initializing"},
		{"owner on its way", is("pending", "unknown"), steps.Waiting, "", "nothing to do"},
		{"in a partial zone", func(l *lab) {
			is("pending", "pending")(l)
			zones, _ := state.Get(l.known, state.FactZones)
			zones = slices.Clone(zones)
			zones[0].Type = "partial"
			l.known = state.With(l.known, state.FactZones, zones)
		}, steps.Waiting, "", "cache.phlip9.com to cache.phlip9.com.cdn.cloudflare.net"},
		{"blocked", is("blocked", "pending"), steps.Blocked, "F23", "ownership is blocked"},
		{"certificate refused", is("active", "error"), steps.Blocked, "F23", "the certificate is error"},
		{"switched off", domain(func(d *state.CacheDomain) { d.Enabled = false }), steps.Blocked, "F23", "switched off"},
		{"old TLS", domain(func(d *state.CacheDomain) { d.MinTLS = "1.0" }), steps.Ready, "", "still answers TLS 1.0"},
		{"r2.dev", func(l *lab) { l.cloud.dev = true }, steps.Ready, "", "answers on r2.dev too"},
	})
}

func TestADomainIsWaitedForUntilItIsActive(t *testing.T) {
	l := ruled(t)
	l.cloud.slow = 20
	begin := l.clock.Now()
	r := l.setup(t, "r2-bucket", "r2-domain")
	if row, _ := r.Row("r2-domain"); row.Status() != steps.Ready || l.clock.Now().Sub(begin) < time.Minute {
		t.Errorf("after %s\n%s", l.clock.Now().Sub(begin), said(r))
	}
}

func TestTokenFinds(t *testing.T) {
	token := func(change func(*state.R2Token)) func(*lab) {
		return func(l *lab) { change(&l.cloud.tokens[0].R2Token) }
	}
	unsealed := func(l *lab) {
		delete(l.sops.values, accessKey)
		delete(l.sops.values, secretKey)
		l.host.deployed = nil
	}
	long := func(l *lab) { _ = l.clock.Sleep(t.Context(), time.Hour) }
	sights(t, "r2-token", deployed, []sight{
		{"as wanted", func(*lab) {}, steps.Ready, "", "niks3-omnara1, this bucket only"},
		{"none", func(l *lab) { unsealed(l); l.cloud.tokens = nil }, steps.Missing, "", "create API token niks3-omnara1, objects of phlip9-nix-cache only\nseal niks3-s3-access-key, niks3-s3-secret-key"},
		{"fresh keys", func(l *lab) { l.cloud.lag = 1 }, steps.Waiting, "", "S3 does not know the new keys yet"},
		{"dead keys", func(l *lab) { long(l); l.cloud.lag = 1 }, steps.Blocked, "F21", "S3 refuses the sealed keys of niks3-omnara1"},
		{"deleted token", func(l *lab) { l.cloud.tokens = nil }, steps.Blocked, "F21", "rolled, deleted"},
		{"the value in place of its hash", func(l *lab) { long(l); l.sops.values[secretKey] = l.cloud.tokens[0].value }, steps.Blocked, "F21", "not its SHA-256"},
		{"half a pair", func(l *lab) { delete(l.sops.values, secretKey) }, steps.Blocked, "", "one half of the R2 keys"},
		{"the other half", func(l *lab) { l.sops.values[accessKey] = state.NewSecret("") }, steps.Blocked, "", "one half of the R2 keys"},
		{"an orphan of ours", unsealed, steps.Missing, "", "roll API token niks3-omnara1, whose value never arrived"},
		{"an orphan of somebody's", func(l *lab) { unsealed(l); clear(l.asked) }, steps.Blocked, "", "does not know that it asked for it"},
		{"an orphan that the host uses", func(l *lab) { unsealed(l); l.host.deployed = []state.SecretName{accessKey} }, steps.Blocked, "", "the host uses its keys"},
		{"an orphan, the host's secrets not to be listed", func(l *lab) { unsealed(l); l.fail["Deployed"] = call(state.ErrDenied) }, steps.Blocked, "", "the host uses its keys"},
		{"an orphan, nothing deployed and nothing to be listed", func(l *lab) {
			unsealed(l)
			l.fail["Deployed"], l.host.applied = call(state.ErrDenied), ""
		}, steps.Missing, "", "roll"},
		{"policy for another bucket too", token(func(r *state.R2Token) {
			r.Buckets = append(r.Buckets, "com.cloudflare.edge.r2.bucket.x_default_private")
		}), steps.Ready, "F22", "covers 2 things"},
		{"policy of an admin", token(func(r *state.R2Token) { r.Groups = []string{"Workers R2 Storage Write"} }), steps.Ready, "F22", "it carries Workers R2 Storage Write; it lacks " + itemWrite},
		{"policy reads too", token(func(r *state.R2Token) { r.Groups = append(r.Groups, itemRead) }), steps.Ready, "", ""},
		{"adopted, owned by the account", token(func(r *state.R2Token) { r.Account = true }), steps.Ready, "", "this bucket only"},
		{"adopted, the account's not to be listed", func(l *lab) {
			l.cloud.tokens[0].Account = true
			l.fail["FindR2Tokens own=true"] = call(state.ErrDenied)
		}, steps.Ready, "", "its policy cannot be checked"},
		{"adopted, of another name", token(func(r *state.R2Token) { r.Name = "cache" }), steps.Ready, "", "set cache.r2.token_name"},
		{"no bucket", func(l *lab) { clear(l.cloud.buckets) }, steps.Ready, "", ""},
	})
	t.Run("S3 is down", func(t *testing.T) {
		l := done(t)
		l.fail["HeadBucket "+bucketName] = call(state.ErrService)
		if f, err := l.look(t, "r2-token"); err == nil {
			t.Errorf("found %s", everything(f))
		}
	})
}

func TestNewKeysThatOpenAnotherBucketAreToldOf(t *testing.T) {
	wide := func(l *lab) { l.cloud.tokens[0].Buckets = nil }
	for name, tt := range map[string]struct {
		set    func(*lab)
		status steps.Status
		says   string
	}{
		"cut to the bucket": {func(*lab) {}, steps.Ready, "another bucket refused"},
		"another is open": {func(l *lab) {
			wide(l)
			l.cloud.buckets[bucketName+"-other"] = state.Bucket{Name: bucketName + "-other"}
		}, steps.Blocked, "F22"},
		"another could be seen, were it there": {wide, steps.Blocked, "F22"},
		"nobody knows": {func(l *lab) {
			l.fail["HeadBucket "+bucketName+"-other"] = call(state.ErrOffline)
		}, steps.Failed, "no answer from the network"},
	} {
		t.Run(name, func(t *testing.T) {
			l := done(t)
			tt.set(l)
			out := &ear{}
			err := r2Token{l.deps()}.Probe(t.Context(), l.known, out)
			p, told := state.AsProblem(orNil(err)), out.text.String()
			switch {
			case tt.status == steps.Ready && err == nil && strings.Contains(told, tt.says):
			case tt.status == steps.Blocked && p.ID == tt.says:
				complete(t, "r2-token", p)
			case tt.status == steps.Failed && err != nil && p.ID == "" && strings.Contains(err.Error(), tt.says):
			default:
				t.Errorf("%v; said %q", err, told)
			}
		})
	}
}

func TestATokenThatAppearsAtTheLastMomentIsNotRolled(t *testing.T) {
	l := ruled(t)
	l.setup(t, "r2-bucket")
	theirs := l.cloud.has("niks3-omnara1", false, bucketName)
	err := r2Token{l.deps()}.Apply(t.Context(), l.known, steps.Finding{}, &ear{keep: l.sops.Keep})
	if err == nil || len(l.sops.values) > 0 || l.cloud.s3(l.cloud.buckets[bucketName], theirs) != nil {
		t.Errorf("%v; wrote %v", err, l.wrote)
	}
}

func TestPowerCutOverBucketAndToken(t *testing.T) {
	stepstest.PowerCut(t, func(t *testing.T) (func(*stepstest.Power) steps.Report, func(*testing.T, steps.Report)) {
		t.Helper()
		l := ruled(t)
		l.cloud.lag = 2
		return l.story(t, "r2-bucket", "r2-token"), func(t *testing.T, r steps.Report) {
			t.Helper()
			l.allReady(t, r, "r2-bucket", "r2-token")
			if len(l.cloud.tokens) != 1 || len(l.cloud.buckets) != 1 {
				t.Errorf("%d tokens, %d buckets", len(l.cloud.tokens), len(l.cloud.buckets))
			}
			keys := state.S3Keys{Access: l.sops.values[accessKey], Secret: l.sops.values[secretKey]}
			if err := l.cloud.s3(l.cloud.buckets[bucketName], keys); err != nil {
				t.Errorf("the sealed keys do not work: %v", err)
			}
		}
	})
}
