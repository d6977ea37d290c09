package widget_test

import (
	"math"
	"testing"

	"github.com/nixwright/nixwright/ui/theme"
	"github.com/nixwright/nixwright/ui/widget"
)

func TestSparks(t *testing.T) {
	none := math.NaN()
	for name, c := range map[string]struct {
		spark widget.Spark
		theme theme.Theme
		w     int
		want  string
	}{
		"nothing":           {widget.Spark{}, bare, 8, ""},
		"rising":            {widget.Spark{Values: []float64{0, 1, 2, 3, 4, 5, 6, 7}}, bare, 8, "▁▂▃▄▅▆▇█"},
		"in ASCII":          {widget.Spark{Values: []float64{0, 1, 2, 3, 4, 5, 6, 7}}, ascii, 8, "_.:-=+*#"},
		"all the same":      {widget.Spark{Values: []float64{5, 5, 5}}, bare, 8, "▁▁▁"},
		"all zero":          {widget.Spark{Values: []float64{0, 0}, Zero: true}, bare, 8, "▁▁"},
		"from zero":         {widget.Spark{Values: []float64{4, 8}, Zero: true}, bare, 8, "▄█"},
		"unknown is blank":  {widget.Spark{Values: []float64{1, none, 2}}, bare, 8, "▁ █"},
		"more than cells":   {widget.Spark{Values: []float64{0, 0, 7, 7, none, none}}, bare, 3, "▁█ "},
		"no room":           {widget.Spark{Values: []float64{1, 2}}, bare, 0, ""},
		"infinite is drawn": {widget.Spark{Values: []float64{math.Inf(1), 1}}, bare, 8, "▁▁"},
	} {
		if got := c.spark.View(c.theme, c.w, 1); len([]rune(got)) != len([]rune(c.want)) || name != "infinite is drawn" && got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestBars(t *testing.T) {
	for part, want := range map[float64]string{-1: "░░░░", 0: "░░░░", 0.5: "██░░", 0.99: "███░", 1: "████", 7: "████"} {
		if got := (widget.Bar{Part: part, Cells: 4}).View(bare, 80, 1); got != want {
			t.Errorf("%v: %q, want %q", part, got, want)
		}
	}
	if got := (widget.Bar{Part: 0.5}).View(ascii, 5, 1); got != "#####" {
		t.Errorf("cut: %q", got)
	}
}
