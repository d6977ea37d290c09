package state

import (
	"strings"
	"testing"
)

// Machines come and go, and nothing else of the file moves.
func TestEditConfigKeepsTheOtherMachines(t *testing.T) {
	const text = "# mine\nschema = 1\n\n[[workers]] # the host\nname = 'omnara1' # its name\ncores = 10 # of 12\n\n[github]\nrepos = ['octo/x']\n# end\n"
	from, problems := ParseConfig(ConfigName, []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	two := from
	two.Workers = append([]Worker{}, from.Workers...)
	two.Workers = append(two.Workers, Worker{Name: "build2", Cores: 8, Recipient: "age1" + strings.Repeat("q", 58), Password: OwnPassword})
	added, err := EditConfig(text, two)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(text, "# of 12\n", "# of 12\n\n[[workers]]\nname = \"build2\"\ncores = 8\nrecipient = \"age1"+strings.Repeat("q", 58)+"\"\npassword = \"own\"\n", 1)
	if added != want {
		t.Errorf("added:\n%s", added)
	}
	shared := two
	shared.Workers = append([]Worker{}, two.Workers...)
	shared.Workers[0].Cores, shared.Workers[1].Password = 6, ""
	changed, err := EditConfig(added, shared)
	if err != nil || !strings.Contains(changed, "cores = 6 # of 12\n") || strings.Contains(changed, "password") || !strings.HasSuffix(changed, "# end\n") {
		t.Errorf("changed: %v\n%s", err, changed)
	}
	back, err := EditConfig(added, from)
	if err != nil || back != text {
		t.Errorf("taken out: %v\n%s", err, back)
	}
	reversed := two
	reversed.Workers = []Worker{two.Workers[1], two.Workers[0]}
	if got, err := EditConfig(added, reversed); err != nil || !strings.Contains(got, "# mine\n") || !strings.Contains(got, "repos = ['octo/x']\n# end\n") {
		t.Errorf("in another order: %v\n%s", err, got)
	}
}

func TestAnAnswerOfOneLineKeepsWhatIsKnownOfMachines(t *testing.T) {
	c := Config{Workers: []Worker{{Name: "build2", Cores: 8, Recipient: "age1x", Password: OwnPassword}}}
	if err := c.Set("workers", "omnara1=10,build2=4"); err != nil {
		t.Fatal(err)
	}
	if want := (Worker{Name: "build2", Cores: 4, Recipient: "age1x", Password: OwnPassword}); c.Workers[1] != want {
		t.Errorf("got %+v", c.Workers)
	}
}
