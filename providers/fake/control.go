package fake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// The control service lets this program in another role, in another process,
// act on the world: as ssh, and as the deploy command.

type sshAsked struct {
	Args []string `json:"args"`
}

type sshDone struct {
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	Exit   int    `json:"exit"`
}

type deployAsked struct {
	Dir string `json:"dir"`
}

// deployLine is one line of a deployment's output, or its end.
type deployLine struct {
	Line string `json:"line,omitempty"`
	Exit *int   `json:"exit,omitempty"`
}

func (w *World) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ssh", func(rw http.ResponseWriter, r *http.Request) {
		var in sshAsked
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		var stdout, stderr bytes.Buffer
		exit := w.SSH(in.Args, &stdout, &stderr)
		_ = json.NewEncoder(rw).Encode(sshDone{Stdout: stdout.String(), Stderr: stderr.String(), Exit: exit})
	})
	mux.HandleFunc("POST /deploy", func(rw http.ResponseWriter, r *http.Request) {
		var in deployAsked
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		out := json.NewEncoder(rw)
		flush := http.NewResponseController(rw)
		exit := w.Deploy(context.WithoutCancel(r.Context()), in.Dir, func(line string) {
			_ = out.Encode(deployLine{Line: line})
			_ = flush.Flush()
		})
		_ = out.Encode(deployLine{Exit: &exit})
	})
	return mux
}

func askControl(ctx context.Context, control, path string, in any) (*http.Response, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("ask world: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+control+path, bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("ask world: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask world: %w", err)
	}
	return res, nil
}

// RoleSSH is this program as ssh: it runs the arguments on the pretend host of
// the world whose control service is at control (host:port), and returns the
// exit status; 255 where the world does not answer.
func RoleSSH(ctx context.Context, control string, args []string, stdout, stderr io.Writer) int {
	if call, ok := sshArgs(args); ok && !call.show {
		if exit, done := call.stay(ctx, control, args, stdout, stderr); done {
			return exit
		}
	}
	return askHost(ctx, control, args, stdout, stderr)
}

// askHost runs ssh's arguments in the world.
func askHost(ctx context.Context, control string, args []string, stdout, stderr io.Writer) int {
	res, err := askControl(ctx, control, "/ssh", sshAsked{Args: args})
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "ssh: connect to host:", err)
		return sshFailed
	}
	defer func() { _ = res.Body.Close() }()
	var out sshDone
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		_, _ = fmt.Fprintln(stderr, "ssh: connection closed:", err)
		return sshFailed
	}
	_, _ = io.WriteString(stdout, out.Stdout)
	_, _ = io.WriteString(stderr, out.Stderr)
	return out.Exit
}

// RoleDeploy is this program as the deploy command for the infra repository
// dir; it prints as the deployment goes, and returns the exit status.
func RoleDeploy(ctx context.Context, control, dir string, stdout, stderr io.Writer) int {
	res, err := askControl(ctx, control, "/deploy", deployAsked{Dir: dir})
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return 1
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		var l deployLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			_, _ = fmt.Fprintln(stderr, "error:", err)
			return 1
		}
		if l.Exit != nil {
			return *l.Exit
		}
		_, _ = fmt.Fprintln(stdout, l.Line)
	}
	_, _ = fmt.Fprintln(stderr, "error: the world went away")
	return 1
}
