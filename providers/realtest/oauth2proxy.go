package realtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// OAuth2Proxy starts oauth2-proxy (v7.15.3) with these flags and variables
// ("OAUTH2_PROXY_COOKIE_SECRET=...") until the test ends, listening on a port
// of loopback, and waits until it answers at /ping. It returns host:port.
func OAuth2Proxy(t *testing.T, env []string, flags ...string) (p *Process, addr string) {
	t.Helper()
	p, addr = launchOAuth2Proxy(t, env, flags)
	p.Await(t, says200("http://"+addr+"/ping"))
	return p, addr
}

// OAuth2ProxyStarts says whether oauth2-proxy starts with these flags and
// variables, and what it printed. One that starts is ended again.
func OAuth2ProxyStarts(t *testing.T, env []string, flags ...string) (started bool, output string) {
	t.Helper()
	p, addr := launchOAuth2Proxy(t, env, flags)
	ready := says200("http://" + addr + "/ping")
	p.Await(t, func(ctx context.Context) error {
		select {
		case <-p.done:
			return nil
		default:
			started = ready(ctx) == nil
		}
		if !started {
			return errors.New("it neither answers nor ends")
		}
		return nil
	})
	p.Stop()
	return started, p.Output()
}

func launchOAuth2Proxy(t *testing.T, env, flags []string) (p *Process, addr string) {
	t.Helper()
	path := Find(t, "oauth2-proxy")
	addr = fmt.Sprintf("127.0.0.1:%d", Port(t))
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OAUTH2_PROXY_") })
	p = Start(t, func(c *exec.Cmd) { c.Env = slices.Concat(own, env) }, path, slices.Concat(flags, []string{"--http-address=http://" + addr})...)
	return p, addr
}

// says200 is ready when the address answers 200.
func says200(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %d", url, resp.StatusCode)
		}
		return nil
	}
}
