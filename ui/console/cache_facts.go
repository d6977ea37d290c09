package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nixwright/nixwright/state/live"
	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/tui"
	"github.com/nixwright/nixwright/ui/widget"
)

// Who tells the figures of the page.
const (
	fromNiks3      = "niks3"
	fromCloudflare = "Cloudflare"
	fromCache      = "cache"
)

// sizeFact is how large the cache is, each figure by the best who tells it,
// with who that is.
func sizeFact(s scene) widget.Fact {
	type part struct {
		what string
		of   func(live.Size) int64
		text func(int64) string
	}
	var parts []widget.Part
	for _, f := range []part{
		{"objects", func(v live.Size) int64 { return v.Objects }, widget.Count},
		{"logical", func(v live.Size) int64 { return v.Logical }, widget.Size},
		{"stored", func(v live.Size) int64 { return v.Stored }, widget.Size},
	} {
		i := slices.IndexFunc(s.snap.Sizes[:], func(p *live.Part[live.Size]) bool { return p != nil && f.of(p.Value) > 0 })
		if i < 0 {
			continue
		}
		told := s.snap.Sizes[i]
		part := widget.Part{Text: f.text(f.of(told.Value)) + " " + f.what}
		who := teller(told.Value.From)
		if age, stale := s.old(told.Source, told.At); stale {
			part.Role, part.Text = theme.Quiet, part.Text+" ("+who+", "+age+")"
		} else if len(parts) == 0 || !strings.Contains(parts[len(parts)-1].Text, "("+who) {
			part.Text += " (" + who + ")"
		}
		parts = append(parts, part)
	}
	parts = merged(parts)
	if len(parts) == 0 {
		parts = []widget.Part{{Text: unheard(s, fromNiks3), Role: theme.Quiet}}
	}
	return widget.Fact{Name: "Size", Parts: parts}
}

// merged writes who tells several figures behind the last of them alone.
func merged(parts []widget.Part) []widget.Part {
	for i := len(parts) - 1; i > 0; i-- {
		if !strings.HasSuffix(parts[i].Text, ")") {
			text, who, _ := strings.Cut(parts[i-1].Text, " (")
			parts[i-1].Text, parts[i].Text = text, parts[i].Text+" ("+who
		}
	}
	return parts
}

// teller is who tells a size, in words.
func teller(from live.SizeFrom) string {
	switch from {
	case live.FromNiks3:
		return "niks3"
	case live.FromGraphQL:
		return "Cloudflare"
	case live.FromR2:
		return "Cloudflare, all buckets"
	case live.FromListing:
		return "counted"
	}
	return "somebody"
}

const historyDays = 30

func growthFact(s scene, env tui.Env) widget.Fact {
	per, known := s.snap.StoredBytes.Growth(s.now, historyDays)
	if !known {
		return widget.Fact{Name: "Growth", Parts: []widget.Part{{Text: "not known yet: it needs the stored bytes of two days", Role: theme.Quiet}}}
	}
	const week = 7
	parts := []widget.Part{{Text: signed(int64(per*week)) + "/week"}}
	parts = append(parts, widget.Part{Drawn: sparkOf(s, env)}, widget.Part{Text: "30 days", Role: theme.Quiet})
	return widget.Fact{Name: "Growth", Parts: parts}
}

// sparkOf draws the history of the page.
func sparkOf(s scene, env tui.Env) string {
	const narrow, wide = 12, 30
	cells := narrow
	if env.Width > widget.SplitFrom+narrow {
		cells = wide
	}
	return widget.Spark{Values: points(s.snap.StoredBytes, s.now, historyDays)}.View(env.Theme, cells, 1)
}

// signed is a number of bytes more or less.
func signed(bytes int64) string {
	if bytes < 0 {
		return "-" + widget.Size(-bytes)
	}
	return "+" + widget.Size(bytes)
}

// signatureFact is whether the newest path that was read is signed by the key
// that clients trust.
func signatureFact(s scene) widget.Fact {
	f, paths := of(s, s.snap.Paths, fromCache)
	i := slices.IndexFunc(paths, func(c live.PathCheck) bool { return c.Narinfo != nil })
	if !f.known || i < 0 {
		if f.known {
			f.parts = []widget.Part{{Mark: glyph("not checked"), Text: "no path was read back yet", Role: theme.Quiet}}
		}
		return f.row("Signature")
	}
	info := paths[i].Narinfo
	signer := cmp.Or(strings.Join(info.SignedBy, ", "), "nobody")
	if !info.Verified {
		f.add(glyph("broken"), "by "+signer+": not the key that clients trust")
		return f.row("Signature")
	}
	config, _ := s.snap.Config.Get()
	for _, k := range config.PublicKeys {
		if name, _, _ := strings.Cut(k, ":"); slices.Contains(info.SignedBy, name) {
			const shown = 8
			signer = k[:min(len(k), len(name)+1+shown)] + theme.More
		}
	}
	f.add(glyph("up"), signer+", the key that clients trust")
	return f.row("Signature")
}

func edgeFact(s scene) widget.Fact {
	f, t := of(s, s.snap.Traffic, fromCloudflare)
	if all := t.Hits + t.Misses + t.NotFound; all > 0 {
		f.add(theme.Mark{}, "hit "+percent(t.Hits, all))
		f.add(theme.Mark{}, "miss "+percent(t.Misses, all))
		f.add(theme.Mark{}, "404 "+percent(t.NotFound, all))
	} else {
		f.add(theme.Mark{}, "no client asked since "+stamp(s, t.From))
	}
	return f.row("Edge")
}

// percent is a part of a whole; less than the whole is never 100 %.
func percent(part, whole int64) string {
	const hundred = 100
	return fmt.Sprintf("%d %%", part*hundred/whole)
}

func requestsFact(s scene) widget.Fact {
	f, t := of(s, s.snap.Traffic, fromCloudflare)
	f.add(theme.Mark{}, widget.Count(t.ClassA+t.ClassB)+" since "+stamp(s, t.From))
	f.add(theme.Mark{}, "class A "+widget.Count(t.ClassA)+", class B "+widget.Count(t.ClassB))
	return f.row("Requests")
}

func costFact(s scene) widget.Fact {
	size, _ := s.snap.Size()
	if size.Stored == 0 {
		return widget.Fact{Name: "Cost", Parts: []widget.Part{{Text: "not known: nobody tells the stored bytes; L counts them", Role: theme.Quiet}}}
	}
	traffic, told := s.snap.Traffic.Get()
	text := "about " + dollars(monthly(size.Stored, live.Traffic{}, 0)) + "/month for the storage"
	if told && s.snap.Traffic.At.After(traffic.From) {
		text = "about " + dollars(monthly(size.Stored, traffic, s.snap.Traffic.At.Sub(traffic.From))) + "/month"
	}
	return widget.Fact{Name: "Cost", Parts: []widget.Part{{Text: text}}}
}

func pinsFact(s scene) widget.Fact {
	f, pins := of(s, s.snap.Pins, fromNiks3)
	const shown = 4
	var names []string
	for _, p := range pins[:min(len(pins), shown)] {
		names = append(names, p.Name)
	}
	text := cmp.Or(strings.Join(names, ", "), "none")
	if more := len(pins) - shown; more > 0 {
		text += fmt.Sprintf(", %d more", more)
	}
	f.add(theme.Mark{}, text)
	return f.row("Pins")
}
