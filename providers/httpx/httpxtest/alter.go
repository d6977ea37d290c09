package httpxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// altered is the fault that changes the body of the real answer. A long answer
// (a WebSocket, server sent events) stays as it is.
func altered(name string, kinds []error, change func(ctx context.Context, body []byte) io.Reader) Fault {
	return Fault{Name: name, Kinds: kinds, Reaches: true, answer: func(req *http.Request, w *way) (*http.Response, error) {
		resp, body, err := w.carry(req)
		if err != nil || body == nil {
			return resp, err
		}
		resp.ContentLength = -1
		resp.Header.Del("Content-Length")
		resp.Body = io.NopCloser(change(req.Context(), body))
		return resp, nil
	}}
}

func truncate(_ context.Context, body []byte) io.Reader { return bytes.NewReader(body[:len(body)/2]) }

// garble turns every byte into one that no text format begins with.
func garble(_ context.Context, body []byte) io.Reader {
	out := bytes.Clone(body)
	for i := range out {
		out[i] ^= 0x55
	}
	return bytes.NewReader(out)
}

// cut ends the connection in the middle of the body.
func cut(_ context.Context, body []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(body[:len(body)/2]), end(func() error {
		return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}))
}

// stuck gives no more than half of the body until the request's time is over.
// A body that is empty has come whole with its head.
func stuck(ctx context.Context, body []byte) io.Reader {
	if len(body) == 0 {
		return bytes.NewReader(nil)
	}
	return io.MultiReader(bytes.NewReader(body[:len(body)/2]), end(func() error {
		<-ctx.Done()
		return ctx.Err()
	}))
}

// end is the end of a body that goes wrong.
type end func() error

func (e end) Read([]byte) (int, error) { return 0, e() }

// wrongValues makes numbers of an answer's texts and texts of its numbers.
func wrongValues(_ context.Context, body []byte) io.Reader {
	return revalued(body, func(v any) any {
		if _, text := v.(string); text {
			return 7
		}
		return "x"
	})
}

// nullValues makes null of an answer's texts and numbers.
func nullValues(_ context.Context, body []byte) io.Reader {
	return revalued(body, func(any) any { return nil })
}

// revalued changes the texts and numbers of a JSON body; true and false stay,
// so that an answer that says that it is good still says so. What is not JSON
// stays as it is.
func revalued(body []byte, change func(any) any) io.Reader {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return bytes.NewReader(body)
	}
	out, err := json.Marshal(walk(v, change))
	if err != nil {
		return bytes.NewReader(body)
	}
	return bytes.NewReader(out)
}

func walk(v any, change func(any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = walk(v[k], change)
		}
		return v
	case []any:
		for i := range v {
			v[i] = walk(v[i], change)
		}
		return v
	case string, float64:
		return change(v)
	}
	return v
}

// held is an answer with a body that is already here.
func held(resp *http.Response, body []byte) *http.Response {
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}

// says is the fault that answers without asking the service. headers are names
// and values.
func says(name string, kind error, status int, contentType, body string, headers ...string) Fault {
	h := http.Header{}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return Fault{Name: name, Kinds: []error{kind}, status: status, text: body, answer: func(req *http.Request, w *way) (*http.Response, error) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		with, text := h.Clone(), []byte(body)
		if w.idHeader != "" {
			with.Set(w.idHeader, requestID)
		}
		if req.Method == http.MethodHead {
			text = nil
		}
		return held(&http.Response{
			Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: with, ContentLength: int64(len(text)), Request: req,
		}, text), nil
	}}
}

// requestID is the id of every answer that no service gave.
const requestID = "request-of-the-storm"
