package plain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nixwright/nixwright/state"
	"github.com/nixwright/nixwright/steps"
	"github.com/nixwright/nixwright/ui/guide"
)

// Welcome implements guide.Face. What is found here is said when it is known;
// who is quicker begins without it.
func (l *Lines) Welcome(ctx context.Context, w guide.Welcome) (guide.Choice, error) {
	l.begin()
	l.say("Your own Nix CI: builds on your host, a binary cache on Cloudflare R2.")
	if w.Rehearsal {
		l.say("This is a rehearsal on the built-in world. It needs no accounts.")
	}
	if w.Dir != "" {
		l.say("The repository of your infrastructure is " + stop(w.Dir))
	}
	first := "First the whole plan, then go."
	if w.Questions > 0 {
		first = "First " + counted(w.Questions, "question") + ", then the whole plan, then go."
	}
	l.say(first+" Nothing is written before.", "In the browser at most: "+Cost(w.Cost)+". Stop any time; the next start goes on.")
	p := place{where: "This is the beginning. Nothing was asked yet.", first: true, help: []string{"Enter alone begins."}}
	if w.Around != nil {
		l.say("Looking around. This changes nothing.")
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		p.until = l.around(ctx, w.Around)
	}
	l.say("Press Enter to begin.")
	for {
		text, do, err := l.read(ctx, p)
		switch {
		case errors.Is(err, errWoken):
			p.until = nil
		case do != "":
			return l.leaves(do, err)
		case text == "" || strings.EqualFold(text, "go") || strings.EqualFold(text, "begin"):
			return guide.Choice{Do: guide.Next}, nil
		default:
			l.say("Press Enter to begin, or type help or quit.")
		}
	}
}

// around says what was found here when it is known, and then closes the
// channel.
func (l *Lines) around(ctx context.Context, found <-chan state.Around) <-chan struct{} {
	said := make(chan struct{})
	go func() {
		defer close(said)
		select {
		case a, ok := <-found:
			if ok {
				l.say(aroundLines(a)...)
			}
		case <-ctx.Done():
		}
	}()
	return said
}

// aroundLines are what was found here, a sentence each.
func aroundLines(a state.Around) []string {
	var out []string
	for _, line := range a.Lines() {
		word := line.Status
		switch {
		case steps.Status(word) == steps.Unknown:
			word = "" // the sentence says it
		case steps.Status(word) == steps.Ready:
			word = "found"
		}
		out = append(out, called(line.Name, word, line.Sentence))
	}
	return out
}

// Done implements guide.Face.
func (l *Lines) Done(ctx context.Context, d guide.Done) (guide.Choice, error) {
	l.begin()
	lines := d.Report.Lines()
	n := d.Report.TrueLines()
	l.say(fmt.Sprintf("%d of %s true.", n, counted(len(lines), "line")+verb(len(lines), " is", " are")))
	last := ""
	for _, line := range lines {
		if id := line.Row.Info.ID; !line.Row.Status().True() && id != last {
			last = id
			said, then := lineText(line)
			l.say(called(line.Row.Info.Title, string(line.Row.Status()), said, then))
		}
	}
	all := len(lines) > 0 && n == len(lines) && d.Deploy == ""
	if all {
		l.say("Pushed, built, signed, read back by a clean client. Your CI is up.")
	}
	l.say(left(d)...)
	l.say("Asked of you in all: " + Cost(d.Human) + ", and " + counted(d.Asked, "answer") + ".")
	p := place{where: "This is the end of the run.", first: true, help: []string{"Enter alone looks again. quit leaves; the next start goes on."}}
	prompt := "Press Enter to look again, or type quit."
	if all {
		p.help, prompt = []string{"Enter ends it."}, "Press Enter to end."
	}
	l.say(prompt)
	for {
		text, do, err := l.read(ctx, p)
		switch {
		case do == guide.Quit && all && err == nil:
			return guide.Choice{Do: do}, nil // there is nothing to go on with
		case do != "":
			return l.leaves(do, err)
		case text == "":
			return guide.Choice{Do: guide.Next}, nil
		}
		l.say(prompt)
	}
}

// left is what is left to the person, numbered.
func left(d guide.Done) []string {
	var todo, out []string
	for _, command := range []string{d.Commit, d.Deploy} {
		if command != "" {
			todo = append(todo, "Run: "+command)
		}
	}
	if d.Pasted && !d.Revoked {
		todo = append(todo, "Delete the Cloudflare token you pasted: it is not needed any more.")
	}
	if len(d.Files) > 0 {
		out = append(out, "Written: "+strings.Join(d.Files, ", ")+".")
	}
	if d.Revoked {
		out = append(out, "The Cloudflare token is deleted.")
	}
	if len(todo) > 0 {
		out = append(out, "What is left is yours.")
	}
	for i, one := range todo {
		out = append(out, fmt.Sprintf("%d. %s", i+1, one))
	}
	return out
}
