package fake

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// The permissions of the two kinds of analytics
// (developers.cloudflare.com/fundamentals/api/reference/permissions).
const (
	accountAnalytics = "Account Analytics Read"
	zoneAnalytics    = "Analytics Read"
)

// How wide a time may be that is asked for: R2's datasets keep 31 days, and a
// zone on a free plan answers for a day.
const (
	widestR2   = 31 * 24 * time.Hour
	widestZone = 24 * time.Hour
)

// storageStep is how often the size of a bucket is written down, about.
const storageStep = 5 * time.Minute

// figureOps are the operations that only tell figures
// (r2-get-account-level-metrics, and POST /graphql, which is in no OpenAPI).
func (w *World) figureOps() []cloudOp {
	return []cloudOp{
		{method: "GET", path: "/accounts/{account}/r2/metrics", groups: readR2(), run: needR2(w.accountMetrics)},
		{method: "POST", path: "/graphql", asks: true, run: w.cloudGraphQL},
	}
}

// accountMetrics sums the buckets of an account by their storage class.
func (w *World) accountMetrics(c *cloudCall) cloudAnswer {
	sums := map[bool]cloudStorage{}
	for _, b := range c.cloud.Buckets {
		if b.Account != c.r.PathValue("account") {
			continue
		}
		one, err := w.holds(b.Name)
		if err != nil {
			return cloudRefuse(http.StatusInternalServerError, 10001, err.Error())
		}
		sum := sums[b.StorageClass == "Standard"]
		sums[b.StorageClass == "Standard"] = cloudStorage{sum.objects + one.objects, sum.bytes + one.bytes}
	}
	class := func(of cloudStorage) map[string]any {
		figures := func(s cloudStorage) map[string]any {
			return map[string]any{"objects": s.objects, "payloadSize": s.bytes, "metadataSize": 0}
		}
		return map[string]any{"published": figures(of), "uploaded": figures(cloudStorage{})}
	}
	return cloudOK(map[string]any{"standard": class(sums[true]), "infrequentAccess": class(sums[false])})
}

// cloudGraphQL answers what is asked of the three datasets that the world
// knows: R2's storage and operations, and the requests of a zone. One error, and
// there is no data at all (developers.cloudflare.com/analytics/graphql-api/errors).
func (w *World) cloudGraphQL(c *cloudCall) cloudAnswer {
	var in graphQuestion
	if a, ok := c.decode(&in); !ok {
		return a
	}
	scope, key, viewer := "accounts", "accountTag", map[string]any{}
	if strings.Contains(in.Query, "zones(") {
		scope, key = "zones", "zoneTag"
	}
	tag := in.args(scope)[key]
	if err := c.mayAnalyse(scope, tag); err != nil {
		return c.graphError(err, scope)
	}
	node := map[string]any{}
	for name, answer := range map[string]func(*cloudCall, string, map[string]string, time.Time, time.Time) (any, error){
		"r2StorageAdaptiveGroups": w.storageGroups, "r2OperationsAdaptiveGroups": w.operationGroups, "httpRequestsAdaptiveGroups": w.requestGroups,
	} {
		if !strings.Contains(in.Query, name) {
			continue
		}
		args := in.args(name)
		from, to, err := window(args, scope)
		if err == nil {
			node[name], err = answer(c, tag, args, from, to)
		}
		if err != nil {
			return c.graphError(err, scope, "0", name)
		}
	}
	if len(node) == 0 {
		return c.graphError(errors.New("unknown field, please review it and retry"))
	}
	viewer[scope] = []any{node}
	return cloudAnswer{status: http.StatusOK, whole: map[string]any{"data": map[string]any{"viewer": viewer}, "errors": nil}}
}

// graphError is an error of GraphQL: status 200, or with CloudKnobs.OtherCodes
// 403.
func (c *cloudCall) graphError(err error, path ...string) cloudAnswer {
	a := cloudAnswer{status: http.StatusOK, whole: map[string]any{"data": nil, "errors": []any{map[string]any{
		"message": err.Error(), "path": append([]string{"viewer"}, path...), "extensions": map[string]any{"timestamp": c.now},
	}}}}
	if c.cloud.Knobs.OtherCodes {
		a.status = http.StatusForbidden
	}
	return a
}

// mayAnalyse says whether the token may read the analytics of an account or a
// zone; what there is not is answered alike.
func (c *cloudCall) mayAnalyse(scope, tag string) error {
	if scope == "accounts" {
		if a := c.cloud.account(tag); a == nil || !c.token.mayAccount(a.ID, []string{accountAnalytics}) {
			return errors.New("not authorized for that account")
		}
		return nil
	}
	if z := c.cloud.zone(tag); z == nil || !c.token.mayZone(*z, []string{zoneAnalytics}) {
		return fmt.Errorf("zones [%s] are not authorized", tag)
	}
	return nil
}

// graphQuestion is a question of GraphQL.
type graphQuestion struct {
	Query     string            `json:"query"`
	Variables map[string]string `json:"variables"`
}

// args are the arguments of a field, filter included, variables filled in.
func (q graphQuestion) args(field string) map[string]string {
	_, rest, _ := strings.Cut(q.Query, field+"(")
	rest, _, _ = strings.Cut(rest, ")")
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+):\s*(?:\$(\w+)|"([^"]*)")`).FindAllStringSubmatch(rest, -1) {
		out[m[1]] = m[3]
		if m[2] != "" {
			out[m[1]] = q.Variables[m[2]]
		}
	}
	return out
}

// window is the time that is asked for.
func window(args map[string]string, scope string) (from, to time.Time, err error) {
	from, err = time.Parse(time.RFC3339, args["datetime_geq"])
	if err == nil {
		to, err = time.Parse(time.RFC3339, args["datetime_leq"])
	}
	widest, told := widestR2, "4w3d"
	if scope == "zones" {
		widest, told = widestZone, "1d"
	}
	switch {
	case err != nil:
		err = errors.New("error parsing args: a time is not one")
	case to.Sub(from) > widest:
		err = errors.New("cannot request a time range wider than " + told)
	}
	return from, to, err
}

// bucketOf is the name of the bucket that analytics call so: a jurisdiction
// comes first (developers.cloudflare.com/r2/platform/metrics-analytics).
func (c *cloudCall) bucketOf(account, called string) (string, bool) {
	for _, b := range c.cloud.Buckets {
		name := b.Name
		if b.Jurisdiction != "default" {
			name = b.Jurisdiction + "_" + name
		}
		if b.Account == account && name == called {
			return b.Name, true
		}
	}
	return "", false
}

func (w *World) storageGroups(c *cloudCall, account string, args map[string]string, _, to time.Time) (any, error) {
	bucket, found := c.bucketOf(account, args["bucketName"])
	if !found {
		return []any{}, nil
	}
	held, err := w.holds(bucket)
	return []any{map[string]any{
		"max":        map[string]any{"objectCount": held.objects, "uploadCount": 0, "payloadSize": held.bytes, "metadataSize": 0},
		"dimensions": map[string]any{"datetime": to.Truncate(storageStep)},
	}}, err
}

func (w *World) operationGroups(c *cloudCall, account string, args map[string]string, from, to time.Time) (any, error) {
	out := []any{}
	bucket, found := c.bucketOf(account, args["bucketName"])
	if !found {
		return out, nil
	}
	sum := w.counts.sum(false, bucket, from, to)
	if l := w.living(); l != nil && l.bucket == bucket {
		l.liveTraffic(sum, false, from, to)
	}
	for _, one := range inOrder(sum) {
		out = append(out, map[string]any{"sum": map[string]any{"requests": sum[one]}, "dimensions": map[string]any{"actionType": one.what}})
	}
	return out, nil
}

func (w *World) requestGroups(c *cloudCall, zone string, args map[string]string, from, to time.Time) (any, error) {
	out, host := []any{}, args["clientRequestHTTPHost"]
	if z := c.cloud.zone(zone); z == nil || !inZone(host, z.Name) {
		return out, nil
	}
	sum := w.counts.sum(true, host, from, to)
	if l := w.living(); l != nil && host == c.s.Config.Cache.Domain {
		l.liveTraffic(sum, true, from, to)
	}
	for _, one := range inOrder(sum) {
		out = append(out, map[string]any{
			"count": sum[one], "dimensions": map[string]any{"cacheStatus": one.what, "edgeResponseStatus": one.status},
		})
	}
	return out, nil
}
