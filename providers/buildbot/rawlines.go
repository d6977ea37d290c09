package buildbot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/providers/httpx"
	"github.com/nixwright/nixwright/state"
)

// rawLimit is how many bytes of an answer with lines are read.
const rawLimit = 2 << 20

// RawLines reads at most limit lines (and at most 2000) of a log as Lines does,
// as they are but for the letters of their streams and their ends: whoever
// shows them cleans them. It reads at most 2 MiB, so that there can be fewer
// lines than asked for; of a line that is longer, what there is and a word
// that it was cut.
func (c *Client) RawLines(ctx context.Context, l state.BuildLog, from, limit int) ([]string, error) {
	from, limit = max(0, from), min(max(1, limit), logPage)
	op := number("read lines of log", l.ID)
	body, cut, err := c.some(ctx, op, number("/api/v2/logs/", l.ID)+"/contents?"+url.Values{
		"offset": {strconv.Itoa(from)}, "limit": {strconv.Itoa(limit)},
	}.Encode())
	if err != nil {
		return nil, err
	}
	text, ok := wholeContent(body, l.ID, from)
	if cut {
		text, ok = cutContent(body)
	}
	if !ok {
		return nil, odd(op, "other lines than those asked for: "+httpx.CleanBody(body[:min(len(body), lineLimit)]))
	}
	if cut {
		// Of several lines the whole ones; of one alone what there is.
		if end := strings.LastIndexByte(text, '\n'); end >= 0 {
			text = text[:end+1]
		} else {
			text += fmt.Sprintf(" [cut here: the line is longer than %d MiB]", rawLimit>>20)
		}
	}
	var out []string
	for raw := range strings.Lines(text) {
		_, one := split(l, raw)
		out = append(out, one)
	}
	if len(out) > limit {
		return nil, odd(op, "more lines than asked for")
	}
	return out, nil
}

// some is the beginning of an answer, and whether there was more.
func (c *Client) some(ctx context.Context, op, path string) (body []byte, cut bool, err error) {
	req, err := c.request(ctx, op, http.MethodGet, path, nil)
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.hc.Do(req)
	if err != nil {
		return nil, false, unanswered(op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, rawLimit+1))
	switch {
	case err != nil:
		e := unanswered(op, err)
		e.Status = resp.StatusCode
		return nil, false, e
	case resp.StatusCode != http.StatusOK:
		return nil, false, refused(op, resp, body)
	case len(body) > rawLimit:
		return body[:rawLimit], true, nil
	}
	return body, false, nil
}

// wholeContent is the text of an answer.
func wholeContent(body []byte, log int64, from int) (text string, ok bool) {
	var answer struct {
		Chunks []wireChunk `json:"logchunks"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Chunks) != 1 {
		return "", false
	}
	one := answer.Chunks[0]
	return one.Content, one.Log == log && one.First != nil && *one.First == from
}

// cutContent is the text of an answer whose end is missing: its other fields
// are numbers, so that the first such key is the text's.
func cutContent(body []byte) (text string, ok bool) {
	_, rest, found := bytes.Cut(body, []byte(`"content":`))
	rest = bytes.TrimLeft(rest, " \n")
	if !found || !bytes.HasPrefix(rest, []byte(`"`)) {
		return "", false
	}
	// An escape that was cut, at most a pair of \uXXXX, goes.
	const longest = len(`\uXXXX\uXXXX`)
	for drop := range min(longest, len(rest)) {
		if json.Unmarshal(append(bytes.Clone(rest[:len(rest)-drop]), '"'), &text) == nil {
			return strings.TrimSuffix(text, "\uFFFD"), true
		}
	}
	return "", false
}
