package sops_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/state"
)

// These tests are about recipients that are not age keys: what a person has of
// them stays in every operation, or the operation is refused.

// gnupg makes a key ring with one key, and names it to sops and to the CLI.
func gnupg(t *testing.T) (fingerprint string) {
	t.Helper()
	program := realtest.Find(t, "gpg")
	home, err := os.MkdirTemp("/tmp", "gpg") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "GNUPGHOME="+home)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	t.Cleanup(func() {
		stop := exec.Command("gpgconf", "--kill", "all") // the test's context has ended
		stop.Env = append(os.Environ(), "GNUPGHOME="+home)
		_ = stop.Run()
		_ = os.RemoveAll(home)
	})
	t.Setenv("GNUPGHOME", home)
	run(program, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", "throwaway@example.org", "future-default", "default", "never")
	for line := range strings.Lines(run(program, "--batch", "--with-colons", "--list-keys")) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			return fields[9]
		}
	}
	t.Fatal("gpg made no key")
	return ""
}

func TestPGP(t *testing.T) {
	pgp := gnupg(t)
	w, host := newWorld(t), recipient(t)
	rule := "creation_rules:\n  - path_regex: ^secrets/ci\\.yaml$\n    age: " + w.me + "\n    pgp: " + pgp + "\n"
	w.write(w.rules(), rule)
	w.keep("a", "1") // a new file under such a rule
	byPGP := world{t: t, root: w.root, home: t.TempDir()}
	holds := func(when string, names ...string) {
		t.Helper()
		r, err := w.file().Recipients(t.Context())
		if err != nil || !slices.Contains(r.Others, "pgp "+pgp) || !strings.Contains(w.read(w.path()), "fp: "+pgp) {
			t.Errorf("%s: the PGP key is lost: %+v, %v", when, r, err)
		}
		for _, name := range names {
			if got := byPGP.judge("decrypt", "--extract", `["`+name+`"]`, w.path()); got != "1" {
				t.Errorf("%s: the CLI opens %s with PGP alone: %q", when, name, got)
			}
		}
	}
	holds("new file", "a")
	w.keep("b", "1")
	holds("keep", "a", "b")
	if err := w.file().AddRule(t.Context(), []string{w.me, host}); err != nil || w.read(w.rules()) != strings.Replace(rule, w.me, w.me+","+host, 1) {
		t.Errorf("add rule: %v\n%s", err, w.read(w.rules()))
	}
	if err := w.file().UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds("update keys", "a", "b")
	if out := w.judge("updatekeys", "--yes", w.path()); !strings.Contains(out, "already up to date") {
		t.Errorf("the CLI does not agree:\n%s", out)
	}
	w.judge("rotate", "--in-place", w.path())
	w.keep("c", "1")
	holds("rotate", "a", "b", "c")
	if got := byPGP.secret("c"); got != "1" { // gpg alone, no age identity
		t.Errorf("opened with PGP alone: %q", got)
	}
	// The rule forgets the key; the file keeps it.
	w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n")
	if err := w.file().UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.keep("d", "1")
	holds("a rule without it", "a", "d")
	// A rule that gains it, in a file that has none.
	if err := os.Remove(w.path()); err != nil {
		t.Fatal(err)
	}
	w.keep("e", "1")
	w.write(w.rules(), rule)
	if err := w.file().UpdateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds("added by the rule", "e")
	// Groups of which two are needed, one of them PGP.
	if err := os.Remove(w.path()); err != nil {
		t.Fatal(err)
	}
	w.write(w.rules(), "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: ["+w.me+"]\n      - pgp: ["+pgp+"]\n      - age: ["+host+"]\n")
	w.keep("f", "1")
	w.judge("set", w.path(), `["g"]`, `"1"`)
	w.keep("h", "1")
	if got := w.secret("f") + w.secret("g") + w.judge("decrypt", "--extract", `["h"]`, w.path()); got != "111" {
		t.Errorf("key groups: %q", got)
	}
	if text := w.read(w.path()); !strings.Contains(text, "shamir_threshold: 2") || strings.Count(text, "- age:")+strings.Count(text, "- pgp:") < 2 {
		t.Errorf("key groups are lost:\n%s", text)
	}
	before := w.read(w.path())
	w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n")
	if err := w.file().UpdateKeys(t.Context()); err == nil || !strings.Contains(err.Error(), pgp) || w.read(w.path()) != before {
		t.Errorf("groups without the PGP key: %v", err)
	}
	if out, err := byPGP.cli("decrypt", w.path()); err == nil {
		t.Errorf("one group of two opens it:\n%s", out)
	}
	// A key that is not in the ring: told, and nothing is written.
	if err := os.Remove(w.path()); err != nil {
		t.Fatal(err)
	}
	w.write(w.rules(), strings.Replace(rule, pgp, fingerprint, 1))
	refused(t, w, w.file().Keep(t.Context(), sealed("a", "hunter2")...), fingerprint)
}

// refused wants a problem that names the key, and no file.
func refused(t *testing.T, w world, err error, key string) {
	t.Helper()
	p, ok := errors.AsType[state.Problem](err)
	if !ok || !strings.Contains(p.Why, key) || p.Fix == "" || strings.Contains(p.Why+p.Fix, "hunter2") {
		t.Errorf("%s: %v (fix %q)", key, err, p.Fix)
	}
	if _, err := os.Stat(w.path()); err == nil {
		t.Errorf("%s: a file was written", key)
	}
}

// Cloud keys that cannot be asked here, in the file and in the rule.
var clouds = []struct{ name, kind, id, rule, metadata string }{
	{
		"AWS KMS", "kms", "arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e", "kms: '%s'",
		"kms:\n        - arn: %s\n          role: arn:aws:iam::927034868273:role/x\n          context:\n            App: ci\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped\n          aws_profile: work\n",
	},
	{
		"GCP KMS", "gcp_kms", "projects/p/locations/global/keyRings/r/cryptoKeys/k", "gcp_kms: %s",
		"gcp_kms:\n        - resource_id: %s\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped\n",
	},
	{
		"Azure", "azure_kv", "https://nowhere.invalid/keys/k/0123456789abcdef0123456789abcdef", "azure_keyvault: %s",
		"azure_kv:\n        - vault_url: https://nowhere.invalid\n          name: k\n          version: 0123456789abcdef0123456789abcdef\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped\n",
	},
	{
		"Vault", "hc_vault", "http://127.0.0.1:1/v1/transit/keys/k", "hc_vault_transit_uri: %s",
		"hc_vault:\n        - vault_address: http://127.0.0.1:1\n          engine_path: transit\n          key_name: k\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped\n",
	},
	{
		"Huawei KMS", "hckms", "tr-west-1:abc-123", "hckms:\n      - %s",
		"hckms:\n        - key_id: %s\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: wrapped\n",
	},
}

// noClouds is an environment in which no cloud's library asks anybody.
func noClouds(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1",
		"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null",
		"GOOGLE_APPLICATION_CREDENTIALS": filepath.Join(t.TempDir(), "none.json"), "VAULT_TOKEN": "test", "VAULT_MAX_RETRIES": "0",
		"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "HUAWEICLOUD_SDK_AK": "x", "HUAWEICLOUD_SDK_SK": "x",
	} {
		t.Setenv(name, value)
	}
}

func TestCloudKeysAreKept(t *testing.T) {
	noClouds(t)
	for _, c := range clouds {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, host := newWorld(t), recipient(t)
			w.keep("a", "1")
			block := strings.ReplaceAll(c.metadata, "%s", c.id)
			w.write(w.path(), strings.Replace(w.read(w.path()), "    lastmodified:", "    "+block+"    lastmodified:", 1))
			w.judge("decrypt", w.path()) // the CLI knows this shape
			w.write(w.rules(), "creation_rules:\n  - path_regex: ^secrets/ci\\.yaml$\n    age: "+w.me+"\n    "+strings.ReplaceAll(c.rule, "%s", c.id)+"\n")
			rule := w.read(w.rules())
			if err := w.file().AddRule(t.Context(), []string{w.me, host}); err != nil {
				t.Fatal(err)
			}
			if got := w.read(w.rules()); got != strings.Replace(rule, w.me, w.me+","+host, 1) {
				t.Errorf("rules:\n%s", got)
			}
			r, err := w.file().Recipients(t.Context())
			if err != nil || len(r.Others) == 0 || !strings.HasPrefix(r.Others[0], c.kind+" ") {
				t.Errorf("recipients %+v, %v", r, err)
			}
			w.keep("b", "2")
			// A rule without the key (the AWS role is only in the file).
			w.write(w.rules(), "creation_rules:\n  - age: "+w.me+","+host+"\n")
			if err := w.file().UpdateKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.keep("c", "3")
			text := w.read(w.path())
			for line := range strings.Lines(block) {
				if !strings.Contains(text, strings.Trim(line, " -\n\"")) {
					t.Errorf("%q is lost:\n%s", line, text)
				}
			}
			if got := w.judge("decrypt", "--extract", `["c"]`, w.path()); got != "3" {
				t.Errorf("the CLI read %q", got)
			}
		})
	}
}

// A new file under a rule with a key that cannot be asked is not made without
// it, nor is the file's key changed.
func TestCloudKeysThatDoNotAnswer(t *testing.T) {
	noClouds(t)
	for _, c := range clouds {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keep("a", "1")
			before := w.read(w.path())
			w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n    "+strings.ReplaceAll(c.rule, "%s", c.id)+"\n")
			ctx := t.Context()
			if c.kind == "azure_kv" { // its library tries for eight seconds
				short, cancel := contextThatEnds(t)
				defer cancel()
				ctx = short
			}
			if err := w.file().UpdateKeys(ctx); err == nil || w.read(w.path()) != before {
				t.Errorf("update keys: %v", err)
			}
			if err := os.Remove(w.path()); err != nil {
				t.Fatal(err)
			}
			err := w.file().Keep(ctx, sealed("a", "hunter2")...)
			if errors.Is(err, context.DeadlineExceeded) && c.kind == "azure_kv" {
				err = state.Problem{Why: c.id, Fix: "wait longer"}
			}
			refused(t, w, err, c.id)
		})
	}
}

// vault is the part of Vault's transit engine that sops uses; it stands still
// once hold is closed.
func vault(t *testing.T, hold <-chan struct{}) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hold != nil {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
			return
		}
		var in struct{ Plaintext, Ciphertext string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Vault-Token") != "test" {
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
			return
		}
		data := map[string]string{}
		switch r.URL.Path {
		case "/v1/transit/encrypt/ci":
			data["ciphertext"] = "vault:v1:" + base64.StdEncoding.EncodeToString([]byte(in.Plaintext))
		case "/v1/transit/decrypt/ci":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(in.Ciphertext, "vault:v1:"))
			data["plaintext"] = string(plain)
		default:
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1/transit/keys/ci"
}

// A key that answers is used: the file opens without an age identity.
func TestVaultKey(t *testing.T) {
	noClouds(t)
	key := vault(t, nil)
	w := newWorld(t)
	w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n    hc_vault_transit_uri: "+key+"\n")
	w.keep("a", "1")
	byVault := world{t: t, root: w.root, home: t.TempDir()}
	if got := byVault.secret("a") + byVault.judge("decrypt", "--extract", `["a"]`, w.path()); got != "11" {
		t.Errorf("opened with Vault alone: %q", got)
	}
	byVault.keep("b", "2")
	if got := w.secret("b"); got != "2" {
		t.Errorf("sealed by Vault: %q", got)
	}
}

// A key that does not answer at all is waited for no longer than the caller.
func TestWaitingForAKeyEndsWithTheContext(t *testing.T) {
	noClouds(t)
	hold := make(chan struct{})
	key := vault(t, hold)
	t.Cleanup(func() { close(hold) })
	w := newWorld(t)
	w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n    hc_vault_transit_uri: "+key+"\n")
	ctx, cancel := contextThatEnds(t)
	defer cancel()
	begin := time.Now()
	if err := w.file().Keep(ctx, sealed("a", "1")...); !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := os.Stat(w.path()); err == nil {
		t.Error("a file was written")
	}
}

// What this sops does not know is not dropped: the file is read, not written.
func TestAnUnknownKindOfKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, recipient(t))
	w.keep("a", "1")
	good := w.read(w.path())
	for name, bad := range map[string]string{
		"a kind":     strings.Replace(good, "    lastmodified:", "    newkms:\n        - id: x\n          enc: wrapped\n    lastmodified:", 1),
		"a field":    strings.Replace(good, "          recipient:", "          touch: always\n          recipient:", 1),
		"in a group": strings.Replace(good, "    lastmodified:", "    key_groups:\n        - newkms:\n            - id: x\n    lastmodified:", 1),
	} {
		w.write(w.path(), bad)
		if name != "in a group" { // an empty group opens nothing
			if got := w.secret("a"); got != "1" {
				t.Errorf("%s: read %q", name, got)
			}
		}
		err := w.file().Keep(t.Context(), sealed("b", "2")...)
		if err == nil || w.read(w.path()) != bad {
			t.Errorf("%s: sealed into it", name)
		}
		if p := state.AsProblem(err); name != "in a group" && !strings.Contains(p.Why, "does not know") {
			t.Errorf("%s: %v", name, err)
		}
		w.write(w.rules(), "creation_rules:\n  - age: "+w.me+"\n")
		if err := w.file().UpdateKeys(t.Context()); err == nil || w.read(w.path()) != bad {
			t.Errorf("%s: updated: %v", name, err)
		}
	}
	// What older versions wrote empty is nothing to lose.
	w.write(w.path(), strings.Replace(good, "    lastmodified:", "    kms: []\n    gcp_kms: []\n    hc_vault: []\n    pgp: []\n    encrypted_suffix: null\n    lastmodified:", 1))
	w.keep("b", "2")
	w.judge("decrypt", w.path())
}
