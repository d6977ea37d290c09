package ssh_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// machine is an SSH server on loopback, and a configuration with which the
// real ssh client reaches it as "ci".
type machine struct {
	argv    []string          // the client with its configuration
	answers map[string]answer // by remote command
	hostKey string            // its public key's line

	mu   sync.Mutex
	seen []string // commands
}

// answer is what a remote command leaves behind.
type answer struct {
	stdout, stderr string
	exit           uint32
}

// known says what the client knows of the machine's host key.
type known string

const (
	knownRight known = "right"
	knownNot   known = "not"
	knownOther known = "other"
)

// start starts a machine.
func start(t *testing.T, k known, answers map[string]answer) *machine {
	t.Helper()
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("ssh is not installed: apt-get install openssh-client")
	}
	host, hostLine, _ := keyPair(t)
	other, otherLine, _ := keyPair(t)
	_, userLine, userPEM := keyPair(t)
	_ = other
	m := &machine{answers: answers, hostKey: strings.TrimSpace(hostLine)}

	conf := &gossh.ServerConfig{PublicKeyCallback: func(_ gossh.ConnMetadata, key gossh.PublicKey) (*gossh.Permissions, error) {
		if string(gossh.MarshalAuthorizedKey(key)) != userLine {
			return nil, errors.New("unknown key")
		}
		return nil, nil //nolint:nilnil // no permissions
	}}
	conf.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go m.serve(l, conf)

	dir := t.TempDir()
	addr, _ := l.Addr().(*net.TCPAddr)
	lines := map[known]string{knownRight: hostLine, knownNot: "", knownOther: otherLine}[k]
	if lines != "" {
		lines = fmt.Sprintf("[127.0.0.1]:%d %s", addr.Port, lines)
	}
	put(t, filepath.Join(dir, "known"), lines)
	put(t, filepath.Join(dir, "id"), userPEM)
	put(t, filepath.Join(dir, "config"), fmt.Sprintf(
		"Host ci\n  HostName 127.0.0.1\n  Port %d\n  User root\nHost named\n  HostName build.example\nHost *\n  IdentityFile %s/id\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile %s/known\n  GlobalKnownHostsFile /dev/null\n", addr.Port, dir, dir))
	m.argv = []string{client, "-F", filepath.Join(dir, "config")}
	return m
}

func (m *machine) serve(l net.Listener, conf *gossh.ServerConfig) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			conn, channels, requests, err := gossh.NewServerConn(c, conf)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			go gossh.DiscardRequests(requests)
			for ch := range channels {
				switch ch.ChannelType() {
				case "session":
					go m.session(ch)
				case "direct-tcpip":
					go forward(ch)
				default:
					_ = ch.Reject(gossh.UnknownChannelType, "no")
				}
			}
		}()
	}
}

// session runs the one command of a session.
func (m *machine) session(ch gossh.NewChannel) {
	c, requests, err := ch.Accept()
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	for req := range requests {
		if req.Type != "exec" {
			_ = req.Reply(false, nil)
			continue
		}
		_ = req.Reply(true, nil)
		var p struct{ Command string }
		_ = gossh.Unmarshal(req.Payload, &p)
		m.mu.Lock()
		m.seen = append(m.seen, p.Command)
		m.mu.Unlock()
		a, ok := m.answers[p.Command]
		if !ok {
			a = answer{stderr: "sh: unknown: " + p.Command + "\n", exit: 127}
		}
		_, _ = io.WriteString(c, a.stdout)
		_, _ = io.WriteString(c.Stderr(), a.stderr)
		_, _ = c.SendRequest("exit-status", false, gossh.Marshal(struct{ Status uint32 }{a.exit}))
		return
	}
}

// forward is ssh -W.
func forward(ch gossh.NewChannel) {
	var p struct {
		Host     string
		Port     uint32
		From     string
		FromPort uint32
	}
	_ = gossh.Unmarshal(ch.ExtraData(), &p)
	to, err := net.Dial("tcp", net.JoinHostPort(p.Host, strconv.FormatUint(uint64(p.Port), 10)))
	if err != nil {
		_ = ch.Reject(gossh.ConnectionFailed, "Connection refused")
		return
	}
	c, requests, err := ch.Accept()
	if err != nil {
		return
	}
	go gossh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
	_, _ = io.Copy(c, to)
	_ = c.Close()
}

func keyPair(t *testing.T) (signer gossh.Signer, line, private string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err = gossh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, err := gossh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(gossh.MarshalAuthorizedKey(signer.PublicKey())), string(pem.EncodeToMemory(block))
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
