package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/providers/realtest"
	"github.com/nixwright/nixwright/providers/s3"
	"github.com/nixwright/nixwright/state"
)

// service is an S3 server that the adapter is tried on, and in what it differs
// from the others.
type service struct {
	realtest.S3

	owner   state.S3Keys // they may look at every bucket
	reader  state.S3Keys // they may read Bucket, not write it; empty: there are none such
	unknown error        // what a look with keys that nobody knows is: R2 says 401, others 403
	expired string       // the code of what was signed too long ago; "": it is taken
	even    bool         // all parts of an upload but the last must have one size
	put     func(ctx context.Context, bucket, key string, body []byte) error
}

// services is every server, each started where it is asked for.
var services = []struct {
	name string
	open func(t *testing.T) service
}{
	{"the built-in world", builtIn},
	{"versitygw", func(t *testing.T) service {
		t.Helper()
		return foreign(t, service{S3: realtest.Versitygw(t), unknown: state.ErrDenied, expired: "RequestTimeTooSkewed"})
	}},
	{"gofakes3", func(t *testing.T) service {
		t.Helper()
		return foreign(t, service{S3: realtest.Gofakes3(t), expired: "RequestTimeTooSkewed"})
	}},
}

// foreign is a server into which objects are put over the S3 API.
func foreign(t *testing.T, s service) service {
	t.Helper()
	s.owner = s.Keys
	c := s.client(t)
	s.put = func(ctx context.Context, bucket, key string, body []byte) error {
		_, err := c.Client.PutObject(ctx, bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
		return err
	}
	return s
}

// client is another client of the server, the one that niks3 has.
func (s service) client(t *testing.T) minio.Core {
	t.Helper()
	return s.as(t, s.Keys)
}

// as is that client with other keys.
func (s service) as(t *testing.T, k state.S3Keys) minio.Core {
	t.Helper()
	c, err := minio.NewCore(s.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(k.Access.Reveal(), k.Secret.Reveal(), ""),
		Region: s.Region, BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

// fill puts n objects into a bucket and returns how many bytes they have.
func (s service) fill(t *testing.T, bucket string, n int) (size int64) {
	t.Helper()
	var wg sync.WaitGroup
	const hands = 16
	for hand := range hands {
		wg.Go(func() {
			for i := hand; i < n; i += hands {
				if err := s.put(t.Context(), bucket, fmt.Sprintf("nar/%04d + ü.nar.zst", i), make([]byte, 1+i%7)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range n {
		size += int64(1 + i%7)
	}
	return size
}

// TestConformance is what the adapter does with every server; then the faults
// between them; then what niks3 does with it.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, each := range services {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			s := each.open(t)
			t.Run("good keys", s.goodKeys)
			t.Run("keys that are refused", s.refusedKeys)
			t.Run("a clock that is off", s.clock)
			t.Run("cancelled", s.cancelled)
			t.Run("usage", s.usage)
			t.Run("lists", s.lists)
			t.Run("storm", s.storm)
			t.Run("protocol", s.protocol)
		})
	}
}

func (s service) adapter() *s3.Client { return s3.New(httpx.New(httpx.Options{}), s.Endpoint) }

func (s service) goodKeys(t *testing.T) {
	c, ctx := s.adapter(), t.Context()
	if err := c.HeadBucket(ctx, s.At(), s.Keys); err != nil {
		t.Errorf("look: %v", err)
	}
	for range 2 { // the second time nothing is left of the first
		if err := c.Exercise(ctx, s.At(), s.Keys); err != nil {
			t.Errorf("exercise: %v", err)
		}
		if n, size, err := c.Usage(ctx, s.At(), s.Keys, nil); n != 0 || size != 0 || err != nil {
			t.Errorf("left in the bucket: %d, %d, %v", n, size, err)
		}
	}
	absent := s.At()
	absent.Name = "nowhere"
	for what, err := range s.all(ctx, absent, s.owner) {
		if !errors.Is(err, state.ErrNotFound) {
			t.Errorf("%s where there is no bucket: %v", what, err)
		}
	}
	once := httpx.New(httpx.Options{Attempts: 1})
	if err := s3.New(once, "").HeadBucket(ctx, s.At(), s.Keys); !errors.Is(err, state.ErrService) && !errors.Is(err, state.ErrOffline) {
		t.Errorf("https where http is spoken: %v", err)
	}
}

// all is what becomes of every operation.
func (s service) all(ctx context.Context, b state.Bucket, k state.S3Keys) map[string]error {
	c := s.adapter()
	_, _, err := c.Usage(ctx, b, k, nil)
	return map[string]error{"look": c.HeadBucket(ctx, b, k), "exercise": c.Exercise(ctx, b, k), "usage": err}
}

func (s service) refusedKeys(t *testing.T) {
	if !s.Refuses {
		return // it takes all keys
	}
	other := state.NewSecret("0123456789abcdef0123456789abcdef")
	cases := []struct {
		name string
		keys state.S3Keys
		code string // in an answer with a body
		kind error
		look error // of an answer without one
	}{
		{"a wrong secret", state.S3Keys{Access: s.Keys.Access, Secret: other}, "SignatureDoesNotMatch", state.ErrUnauthorized, state.ErrDenied},
		{"an unknown access key", state.S3Keys{Access: other, Secret: s.Keys.Secret}, "", state.ErrUnauthorized, s.unknown},
		{"keys for something else", s.Stranger, "AccessDenied", state.ErrDenied, state.ErrDenied},
		{"keys that only read", s.reader, "AccessDenied", nil, nil},
	}
	for _, x := range cases {
		if x.keys.Access.Empty() {
			continue
		}
		for what, err := range s.all(t.Context(), s.At(), x.keys) {
			want := x.kind
			switch {
			case what == "look":
				want = x.look
			case what == "exercise" && x.kind == nil:
				want = state.ErrDenied
			}
			if !errors.Is(err, want) {
				t.Errorf("%s, %s: %v, want %v", x.name, what, err, want)
			}
			call, ok := errors.AsType[*state.CallError](err)
			if want != nil && (!ok || what != "look" && x.code != "" && call.Code != x.code || !strings.Contains(call.Op, s.Bucket)) {
				t.Errorf("%s, %s: %#v", x.name, what, err)
			}
			s.fit(t, err, x.keys)
		}
	}
}

// fit checks that an error can be shown.
func (s service) fit(t *testing.T, err error, k state.S3Keys) {
	t.Helper()
	for _, hidden := range []string{k.Access.Reveal(), k.Secret.Reveal(), s.Keys.Secret.Reveal(), "\n", "<"} {
		if err != nil && strings.Contains(err.Error(), hidden) {
			t.Errorf("unfit to show: %q", err)
		}
	}
}

// clock signs at the beginning of the year 2000, when a bubble's time begins.
func (s service) clock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		base := &http.Transport{DisableKeepAlives: true}
		defer base.CloseIdleConnections()
		c := s3.New(httpx.New(httpx.Options{Base: base}), s.Endpoint)
		look, used := c.HeadBucket(t.Context(), s.At(), s.Keys), c.Exercise(t.Context(), s.At(), s.Keys)
		if s.expired == "" {
			if look != nil || used != nil {
				t.Errorf("it is taken: %v, %v", look, used)
			}
			return
		}
		for _, err := range []error{look, used} {
			if !errors.Is(err, state.ErrInvalid) || !strings.Contains(err.Error(), "the clock here is off by") {
				t.Error(err)
			}
		}
		if call, ok := errors.AsType[*state.CallError](used); !ok || call.Code != s.expired {
			t.Errorf("%v, want %s", used, s.expired)
		}
	})
}

func (s service) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range s.all(ctx, s.At(), s.Keys) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// usage leaves what it counts in the bucket.
func (s service) usage(t *testing.T) {
	const n, first = 1003, 1000 // what a page holds
	want := s.fill(t, s.Bucket, n)
	var pages []int64
	objects, size, err := s.adapter().Usage(t.Context(), s.At(), s.Keys, func(objects, _ int64) { pages = append(pages, objects) })
	if objects != n || size != want || err != nil || len(pages) != 2 || pages[0] != first || pages[1] != n {
		t.Errorf("%d objects, %d bytes, want %d, %d; pages %v; %v", objects, size, n, want, pages, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	objects, _, err = s.adapter().Usage(ctx, s.At(), s.Keys, func(int64, int64) { cancel() })
	if objects != first || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled after a page: %d, %v", objects, err)
	}
	if err := s.adapter().Exercise(t.Context(), s.At(), s.Keys); err != nil {
		t.Errorf("exercise among others: %v", err)
	}
}
