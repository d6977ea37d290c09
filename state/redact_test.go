package state

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for line, want := range map[string]string{
		"nothing here":                                                          "nothing here",
		"login with ghp_abcdefghijklmnop0123":                                   "login with [hidden]",
		"key AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ ":                                 "key [hidden] ",
		"Authorization: Bearer abcdefgh12345678":                                "Authorization: [hidden] [hidden]",
		"connect postgres://niks3:hunter2@/niks3":                               "connect postgres://niks3:[hidden]@/niks3",
		`password="hunter 2", user=phlip9`:                                      `password=[hidden], user=phlip9`,
		"--client-secret=1234 --scope=user":                                     "--client-secret=[hidden] --scope=user",
		"signed by cache.phlip9.com-1:" + strings.Repeat("aB3/", 16) + "==":     "signed by cache.phlip9.com-1:[hidden]",
		"open /nix/store/fapbi6lsg1lx6lml7ybj71mjs0innr5m-niks3-1.2/bin/niks3":  "open /nix/store/fapbi6lsg1lx6lml7ybj71mjs0innr5m-niks3-1.2/bin/niks3",
		"got 0123456789abcdef0123456789abcdef":                                  "got [hidden]",
		"/run/credentials/oauth2-proxy.service/a-long-name-of-a-file-in-it: no": "/run/credentials/oauth2-proxy.service/a-long-name-of-a-file-in-it: no",
		"----------------------------------------":                              "----------------------------------------",
		"-----BEGIN RSA PRIVATE KEY----- MIIabc":                                "[hidden]",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is bad":                  "jwt [hidden] is bad",
		"secret niks3-api-token in /etc/x.yaml is not valid":                    "secret niks3-api-token in /etc/x.yaml is not valid",
	} {
		if got := Redact(line); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}
