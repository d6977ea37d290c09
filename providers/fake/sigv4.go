package fake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sigV4 is what the Authorization header of a request signed with AWS
// Signature Version 4 says, or the query of a presigned one
// (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html,
// sigv4-query-string-auth.html).
type sigV4 struct {
	access    string // access key
	region    string
	scope     string // date/region/s3/aws4_request
	time      string // x-amz-date
	headers   []string
	signature string
	payload   string // x-amz-content-sha256: a hash, or how the body is sent
	expires   string // of a presigned request: for how many seconds it holds
}

const (
	sigV4Name = "AWS4-HMAC-SHA256"
	unsigned  = "UNSIGNED-PAYLOAD"
	skewLimit = 15 * time.Minute   // of a signature's time
	presigned = 7 * 24 * time.Hour // the longest time that a presigned request holds
)

// parseSigV4 reads the header or the query; ok is false where neither is a
// signature.
func parseSigV4(r *http.Request) (g sigV4, ok bool) {
	fields := map[string]string{}
	if rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), sigV4Name+" "); ok {
		for part := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			fields[name] = value
		}
		fields["Date"], fields["Payload"] = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Content-Sha256")
	} else if q := r.URL.Query(); q.Get("X-Amz-Algorithm") == sigV4Name {
		for _, name := range []string{"Credential", "SignedHeaders", "Signature", "Date", "Expires"} {
			fields[name] = q.Get("X-Amz-" + name)
		}
		fields["Payload"] = unsigned
	}
	access, scope, _ := strings.Cut(fields["Credential"], "/")
	parts := strings.Split(scope, "/")
	if len(parts) != 4 || parts[2] != "s3" || parts[3] != "aws4_request" {
		return sigV4{}, false
	}
	return sigV4{
		access: access, region: parts[1], scope: scope, time: fields["Date"], expires: fields["Expires"],
		headers: strings.Split(fields["SignedHeaders"], ";"), signature: fields["Signature"], payload: fields["Payload"],
	}, true
}

// holds says whether the signature is of now: made at most a quarter of an hour
// ago or ahead, or presigned for a time of at most a week that is not over.
func (g sigV4) holds(now time.Time) bool {
	made, err := time.Parse("20060102T150405Z", g.time)
	if err != nil || made.After(now.Add(skewLimit)) {
		return false
	}
	if g.expires == "" {
		return now.Sub(made) <= skewLimit
	}
	seconds, err := strconv.Atoi(g.expires)
	d := time.Duration(seconds) * time.Second
	return err == nil && d > 0 && d <= presigned && now.Sub(made) <= d
}

// valid says whether the request is signed with the secret, host included.
func (g sigV4) valid(r *http.Request, secret string) bool {
	if !slices.Contains(g.headers, "host") {
		return false
	}
	hash := sha256.Sum256([]byte(g.canonical(r)))
	text := strings.Join([]string{sigV4Name, g.time, g.scope, hex.EncodeToString(hash[:])}, "\n")
	return hmac.Equal([]byte(g.sign(secret, text)), []byte(g.signature))
}

// sign signs with the key that follows from the secret and the scope.
func (g sigV4) sign(secret, text string) string {
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(g.scope, "/") {
		key = sigV4MAC(key, part)
	}
	return hex.EncodeToString(sigV4MAC(key, text))
}

func sigV4MAC(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return m.Sum(nil)
}

// canonical is the request in the form that is signed.
func (g sigV4) canonical(r *http.Request) string {
	var headers strings.Builder
	for _, name := range g.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	path := strings.Split(r.URL.Path, "/")
	for i := range path {
		path[i] = escapeAWS(path[i])
	}
	q := r.URL.Query()
	q.Del("X-Amz-Signature")
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	return strings.Join([]string{
		r.Method, strings.Join(path, "/"), query, headers.String(), strings.Join(g.headers, ";"), g.payload,
	}, "\n")
}

// escapeAWS escapes all but letters, digits, hyphen, underscore, dot and tilde.
func escapeAWS(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// body is the request's content once its payload header is believed: hashed
// whole, unsigned, or sent in chunks of which each is signed
// (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html). ok is false
// where hash or signatures do not fit. Trailers are not looked at.
func (g sigV4) body(raw []byte, secret string) (content []byte, ok bool) {
	switch {
	case g.payload == unsigned:
		return raw, true
	case strings.HasPrefix(g.payload, "STREAMING-"):
		return g.unchunk(raw, secret, !strings.HasPrefix(g.payload, "STREAMING-UNSIGNED-"))
	}
	sum := sha256.Sum256(raw)
	return raw, hex.EncodeToString(sum[:]) == g.payload
}

func (g sigV4) unchunk(raw []byte, secret string, signed bool) (content []byte, ok bool) {
	empty, before := sha256.Sum256(nil), g.signature
	for {
		line, rest, found := bytes.Cut(raw, []byte("\r\n"))
		if !found {
			return nil, false
		}
		length, extension, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseUint(length, 16, 31)
		if err != nil || int(n) > len(rest) {
			return nil, false
		}
		if signed {
			sum := sha256.Sum256(rest[:n])
			want := g.sign(secret, strings.Join([]string{
				sigV4Name + "-PAYLOAD", g.time, g.scope, before,
				hex.EncodeToString(empty[:]), hex.EncodeToString(sum[:]),
			}, "\n"))
			if extension != "chunk-signature="+want {
				return nil, false
			}
			before = want
		}
		if n == 0 {
			return content, true
		}
		content = append(content, rest[:n]...)
		if raw, found = bytes.CutPrefix(rest[n:], []byte("\r\n")); !found {
			return nil, false
		}
	}
}
