package realtest

import (
	"testing"
)

func TestBuildbot(t *testing.T) {
	t.Parallel()
	m := Buildbot(t, BuildbotOptions{})
	t.Log(m.URL)
}
