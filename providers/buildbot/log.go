package buildbot

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The limits of a log. Buildbot itself cuts lines at 4096 bytes, so a page is
// at most some megabytes.
const (
	logPage   = 2000
	lineLimit = 8000
)

// Logs lists the logs of a step (GET /steps/ID/logs).
func (c *Client) Logs(ctx context.Context, step int64) ([]state.BuildLog, error) {
	all, err := rows[wireLog](ctx, c, ask{number("list logs of step", step), number("/steps/", step) + "/logs", "logs", nil})
	for _, l := range all {
		if l.Step != step {
			return nil, odd(number("list logs of step", step), "a log of another step")
		}
	}
	return values(all, err)
}

// Log is one log as it is now: more lines, or complete (GET /logs/ID).
func (c *Client) Log(ctx context.Context, id int64) (state.BuildLog, error) {
	w, err := row[wireLog](ctx, c, ask{number("read log", id), number("/logs/", id), "logs", nil}, id)
	return w.value(), err
}

// Lines reads at most limit lines (and at most 2000) of a log from the line
// number from on, counted from 0; beyond its end there are none. The last lines
// of a log of any size are those from l.Lines-n on. GET /logs/ID/contents.
func (c *Client) Lines(ctx context.Context, l state.BuildLog, from, limit int) ([]state.LogLine, error) {
	var out []state.LogLine
	text, err := c.chunk(ctx, l, from, limit)
	for raw := range strings.Lines(text) {
		one := state.LogLine{Number: from + len(out)}
		one.Stream, raw = split(l, raw)
		one.Text = state.CleanLogLine(raw, lineLimit)
		out = append(out, one)
	}
	return out, err
}

// split takes the letter of the stream and the line's end off a line.
func split(l state.BuildLog, raw string) (stream byte, text string) {
	if l.Kind == "s" && raw != "" {
		stream, raw = raw[0], raw[1:]
	}
	return stream, strings.TrimSuffix(raw, "\n")
}

// chunk is the text of some lines, each with its stream's letter. A limit is
// always sent: without one, a start beyond the end is answered with 404.
func (c *Client) chunk(ctx context.Context, l state.BuildLog, from, limit int) (string, error) {
	a := ask{number("read lines of log", l.ID), number("/logs/", l.ID) + "/contents", "logchunks", url.Values{
		"offset": {strconv.Itoa(max(0, from))}, "limit": {strconv.Itoa(min(max(1, limit), logPage))},
	}}
	all, err := rows[wireChunk](ctx, c, a)
	switch {
	case err != nil:
		return "", err
	case len(all) != 1, all[0].Log != l.ID, all[0].First == nil, *all[0].First != max(0, from):
		return "", odd(a.op, "other lines than those asked for")
	case strings.Count(all[0].Content, "\n") > limit:
		return "", odd(a.op, "more lines than asked for")
	}
	return all[0].Content, nil
}

// Save writes the whole of a log as it is now, unchanged but for the letters of
// its streams, and returns how many bytes it wrote. It reads page after page:
// the raw form that buildbot offers does not tell where it is cut.
func (c *Client) Save(ctx context.Context, id int64, w io.Writer) (int64, error) {
	l, err := c.Log(ctx, id)
	if err != nil {
		return 0, err
	}
	op := number("save log", id)
	var written int64
	for from := 0; from < l.Lines; {
		text, err := c.chunk(ctx, l, from, logPage)
		if err != nil {
			return written, err
		}
		before := from
		for raw := range strings.Lines(text) {
			_, raw = split(l, raw)
			n, err := io.WriteString(w, raw+"\n")
			written += int64(n)
			if err != nil {
				return written, fmt.Errorf("%s: %w", op, err)
			}
			from++
		}
		if from == before {
			return written, odd(op, fmt.Sprintf("no line %d of %d", from, l.Lines))
		}
	}
	return written, nil
}
