package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/html"
)

// maxHops is how many forms a person sends before giving up.
const maxHops = 6

// Person acts as the person in a browser: opens the page (http, https or
// file), and while the page has exactly one form, sends it as it stands,
// following redirects. A page without a form is the end. An answer of 400 or
// above is an error that says the page's title.
func Person(ctx context.Context, hc *http.Client, at string) error {
	_, err := PersonReads(ctx, hc, at)
	return err
}

// PersonReads is Person, and returns what a person reads and types elsewhere:
// the data-… attributes of the last page and, as "address", what the address
// bar shows, also where that page did not open.
func PersonReads(ctx context.Context, hc *http.Client, at string) (map[string]string, error) {
	client := *hc
	if client.Jar == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", at, err)
		}
		client.Jar = jar
	}
	p, err := openPage(ctx, &client, at)
	for hop := 0; err == nil && len(p.forms) == 1; hop++ {
		if hop == maxHops {
			return nil, fmt.Errorf("open %s: still a form after %d forms", at, hop)
		}
		p, err = sendForm(ctx, &client, p)
	}
	if p.at != nil {
		p.data["address"] = p.at.String()
	}
	return p.data, err
}

type webForm struct {
	action, method string
	fields         url.Values
	choice         string // the name of the <select> that is read
}

type webPage struct {
	at    *url.URL
	title string
	forms []webForm
	data  map[string]string
}

func openPage(ctx context.Context, hc *http.Client, at string) (webPage, error) {
	u, err := url.Parse(at)
	if err != nil {
		return webPage{}, fmt.Errorf("open %s: %w", at, err)
	}
	if u.Scheme == "file" {
		f, err := os.Open(u.Path)
		if err != nil {
			return webPage{}, fmt.Errorf("open page: %w", err)
		}
		defer func() { _ = f.Close() }()
		return readPage(f, u)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return webPage{}, fmt.Errorf("open %s: %w", at, err)
	}
	return fetchPage(hc, req)
}

func sendForm(ctx context.Context, hc *http.Client, p webPage) (webPage, error) {
	f := p.forms[0]
	to, err := p.at.Parse(f.action)
	if err != nil {
		return webPage{}, fmt.Errorf("send form: %w", err)
	}
	var body io.Reader
	if f.method == http.MethodPost {
		body = strings.NewReader(f.fields.Encode())
	} else {
		to.RawQuery = f.fields.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, f.method, to.String(), body)
	if err != nil {
		return webPage{}, fmt.Errorf("send form: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return fetchPage(hc, req)
}

func fetchPage(hc *http.Client, req *http.Request) (webPage, error) {
	res, err := hc.Do(req)
	if err != nil {
		lost := webPage{data: map[string]string{}}
		if at, ok := errors.AsType[*url.Error](err); ok { // after a redirect: the address that did not answer
			lost.at, _ = url.Parse(at.URL)
		}
		return lost, fmt.Errorf("open %s%s: %w", req.URL.Host, req.URL.Path, err)
	}
	defer func() { _ = res.Body.Close() }()
	p, err := readPage(io.LimitReader(res.Body, 4<<20), res.Request.URL)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("open %s%s: %s: %s", res.Request.URL.Host, res.Request.URL.Path, res.Status, p.title)
	}
	return p, err
}

// readPage finds title, forms and data attributes; anything else is passed by.
func readPage(r io.Reader, at *url.URL) (webPage, error) {
	p := webPage{at: at, data: map[string]string{}}
	z := html.NewTokenizer(r)
	inTitle, inForm := false, false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err != io.EOF { //nolint:errorlint // the tokenizer returns io.EOF itself
				return p, fmt.Errorf("read page: %w", err)
			}
			return p, nil
		case html.TextToken:
			if inTitle {
				p.title += string(z.Text())
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			inTitle = inTitle && string(name) != "title"
			inForm = inForm && string(name) != "form"
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			a := map[string]string{}
			for _, x := range t.Attr {
				a[x.Key] = x.Val
				if name, ok := strings.CutPrefix(x.Key, "data-"); ok {
					p.data[name] = x.Val
				}
			}
			switch t.Data {
			case "title":
				inTitle = true
			case "form":
				inForm = true
				p.forms = append(p.forms, webForm{action: a["action"], method: formMethod(a["method"]), fields: url.Values{}})
			case "input", "button", "select", "option":
				if inForm {
					p.forms[len(p.forms)-1].field(t.Data, a)
				}
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// field takes a field as it is sent; of a choice, what is selected, or else its
// first option.
func (f *webForm) field(tag string, a map[string]string) {
	switch _, now := a["selected"]; {
	case tag == "select":
		f.choice = a["name"]
	case tag == "option":
		if f.choice != "" && (now || !f.fields.Has(f.choice)) {
			f.fields.Set(f.choice, a["value"])
		}
	case a["name"] != "" && ticked(a):
		f.fields.Add(a["name"], a["value"])
	}
}

// ticked says whether a field is sent: of boxes and radio buttons, those that
// are ticked.
func ticked(attr map[string]string) bool {
	_, yes := attr["checked"]
	return yes || attr["type"] != fieldTick && attr["type"] != fieldOne
}

func formMethod(m string) string {
	if strings.EqualFold(m, http.MethodPost) {
		return http.MethodPost
	}
	return http.MethodGet
}
