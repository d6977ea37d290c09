package fake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nixwright/nixwright/state"
)

// The rows of buildbot's REST API, in the shape of a real 4.3.0.

func bbBuilders(s *State, r *http.Request) (string, []bbRow) {
	rows := []bbRow{}
	for _, b := range s.CI.Builders {
		if id := r.PathValue("id"); id != "" && id != strconv.Itoa(b.ID) && id != b.Name {
			continue
		}
		masters := []int{1}
		if b.Virtual {
			masters = []int{}
		}
		var project any
		if b.Project != 0 {
			project = b.Project
		}
		rows = append(rows, bbRow{
			"builderid": b.ID, "name": b.Name, "masterids": masters, "projectid": project, "tags": []string{},
			"description": nil, "description_format": nil, "description_html": nil,
		})
	}
	return "builders", rows
}

func bbBuilds(s *State, r *http.Request) (string, []bbRow) {
	rows := []bbRow{}
	for i := range s.CI.Builds {
		b := &s.CI.Builds[i]
		if id := r.PathValue("build"); id != "" && id != strconv.Itoa(b.ID) {
			continue
		}
		builder := find(s.CI.Builders, func(o *ciBuilder) bool { return o.ID == b.Builder })
		if id := r.PathValue("id"); id != "" && id != strconv.Itoa(b.Builder) && (builder == nil || id != builder.Name) {
			continue
		}
		var end any
		if !b.End.IsZero() {
			end = int(b.End.Unix())
		}
		rows = append(rows, bbRow{
			"buildid": b.ID, "builderid": b.Builder, "number": b.Number, "buildrequestid": b.ID, "masterid": 1, "workerid": 1,
			"started_at": int(b.Start.Unix()), "complete": end != nil, "complete_at": end, "locks_duration_s": 0,
			"results": b.Results, "state_string": "build successful", "properties": bbProperties(s, b),
		})
	}
	return "builds", rows
}

// bbProperties are those that buildbot-nix sets on a build of nix-build.
func bbProperties(s *State, b *ciBuild) bbRow {
	const eval = "nix-eval-nix"
	return bbRow{
		"attr": []any{b.Attr, eval}, "out_path": []any{b.OutPath, eval}, "drv_path": []any{b.DrvPath, eval},
		"system": []any{strings.SplitN(b.Attr, ".", 2)[0], eval}, "cacheStatus": []any{"notBuilt", eval},
		"virtual_builder_name": []any{"github:" + b.Repo + "#checks." + b.Attr, eval},
		"buildername":          []any{b.Repo + "/nix-build", "Builder"},
		"projectname":          []any{b.Repo, "Builder"}, "status_name": []any{"nix-build", "Builder"}, "default_branch": []any{b.Branch, eval},
		"project": []any{b.Repo, "Build"}, "branch": []any{b.Branch, "Build"}, "revision": []any{b.Commit, "Build"},
		"repository": []any{"https://github.com/" + b.Repo, "Build"}, "event": []any{"push", "Change"},
		"buildnumber": []any{b.Number, "Build"}, "workername": []any{s.Host.Name + "-000", "Worker"},
	}
}

func bbChanges(s *State, _ *http.Request) (string, []bbRow) {
	rows := make([]bbRow, 0, len(s.CI.Changes))
	for _, c := range s.CI.Changes {
		rows = append(rows, bbRow{
			"changeid": c.ID, "project": c.Repo, "branch": c.Branch, "revision": c.Commit, "repository": "https://github.com/" + c.Repo,
			"author": "Somebody <somebody@example.com>", "committer": "Somebody <somebody@example.com>", "category": "push", "codebase": "",
			"comments": "a commit", "files": []string{}, "parent_changeids": []int{}, "properties": bbRow{"event": []any{"push", "Change"}},
			"revlink": "https://github.com/" + c.Repo + "/commit/" + c.Commit, "when_timestamp": int(c.At.Unix()),
			"sourcestamp": bbRow{
				"ssid": c.ID, "branch": c.Branch, "revision": c.Commit, "project": c.Repo, "repository": "https://github.com/" + c.Repo,
				"codebase": "", "created_at": int(c.At.Unix()), "patch": nil,
			},
		})
	}
	return "changes", rows
}

func bbWorkers(s *State, _ *http.Request) (string, []bbRow) {
	rows := []bbRow{}
	cores := 1
	if i := slices.IndexFunc(s.Config.Workers, func(w state.Worker) bool { return w.Name == s.Host.Name }); i >= 0 {
		cores = s.Config.Workers[i].Cores
	}
	add := func(name string) {
		rows = append(rows, bbRow{
			"workerid": len(rows) + 1, "name": name, "connected_to": []bbRow{{"masterid": 1}}, "configured_on": []bbRow{},
			"graceful": false, "paused": false, "pause_reason": nil,
			"workerinfo": bbRow{"access_uri": nil, "admin": nil, "host": nil, "version": "4.3.0"},
		})
	}
	for i := range cores {
		add(s.Host.Name + "-" + pad3(i))
	}
	add("__Janitor") // shows up as a connected worker in the real one too
	return "workers", rows
}

func pad3(n int) string {
	d := strconv.Itoa(n)
	return strings.Repeat("0", max(0, 3-len(d))) + d
}

func bbMasters(s *State, _ *http.Request) (string, []bbRow) {
	return "masters", []bbRow{{"masterid": 1, "name": s.Host.Name + ":/var/lib/buildbot/master", "active": true, "last_active": 0}}
}

func bbProjects(s *State, _ *http.Request) (string, []bbRow) {
	rows := []bbRow{}
	for _, b := range s.CI.Builders {
		if name, ok := strings.CutSuffix(b.Name, "/nix-eval"); ok {
			rows = append(rows, bbRow{
				"projectid": b.Project, "name": name, "slug": name, "active": nil,
				"description": nil, "description_format": nil, "description_html": nil,
			})
		}
	}
	return "projects", rows
}
