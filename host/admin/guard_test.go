package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/host/hosttest"
)

// everywhere are a page, JSON, both streams, an action and a profile.
func everywhere() map[string]string {
	return map[string]string{
		"/services": http.MethodGet, "/jobs": http.MethodGet, "/api/v1/settings": http.MethodGet, "/services/events": http.MethodGet,
		"/api/v1/jobs/events": http.MethodGet, "/api/v1/jobs/run": http.MethodPost, "/api/v1/levels/change": http.MethodPost,
		"/api/v1/profiles/goroutine": http.MethodGet, "/": http.MethodGet, "/nowhere": http.MethodGet, "/debug/pprof": http.MethodGet,
	}
}

func TestEveryRequestNeedsAToken(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for path, method := range everywhere() {
		for name, c := range map[string]change{
			"none":         anonymous,
			"wrong":        header("Authorization", "Bearer "+token+"x"),
			"short":        header("Authorization", "Bearer "+token[:5]),
			"empty":        header("Authorization", "Bearer "),
			"other scheme": header("Authorization", "Basic "+token),
			"as a query":   func(r *http.Request) { anonymous(r); r.URL.RawQuery = "access_token=" + token },
			"wrong cookie": func(r *http.Request) { anonymous(r); r.Header.Set("Cookie", cookieNameOf(s)+"="+token) },
		} {
			response, body := s.ask(t, method, path, nil, c)
			if response.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "no valid token") {
				t.Errorf("%s %s with token %s: %s %s", method, path, name, response.Status, body)
			}
		}
	}
	response, body := s.ask(t, http.MethodGet, "/jobs", nil, anonymous, header("Accept", "text/html"))
	if response.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `name="token"`) || strings.Contains(body, "sync-prices") {
		t.Errorf("a person gets %s %s", response.Status, body)
	}
	if runs := get[struct{ Jobs []struct{ Runs int } }](t, s, "jobs").Jobs; runs[0].Runs != 0 {
		t.Errorf("a job has run: %v", runs)
	}
}

func cookieNameOf(s *shop) string {
	return "fxhost-admin-http-" + s.origin()[strings.LastIndex(s.origin(), ":")+1:]
}

func TestTheLinkIsExchangedForACookie(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	link := strings.TrimPrefix(s.admin.Link(), s.origin())
	if link != "/?token="+token {
		t.Fatalf("link %s", link)
	}
	response, body := s.ask(t, http.MethodGet, link, nil, anonymous, header("Accept", "text/html"))
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/services" {
		t.Fatalf("the link is answered by %s %s", response.Status, body)
	}
	cookies := response.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	c := cookies[0]
	if c.Name != cookieNameOf(s) || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.MaxAge != 0 {
		t.Errorf("cookie %v", c)
	}
	if strings.Contains(c.Value, token) {
		t.Error("the cookie has the token in it")
	}
	withCookie := func(r *http.Request) { anonymous(r); r.AddCookie(c) }
	if response, body := s.ask(t, http.MethodGet, "/jobs", nil, withCookie); response.StatusCode != http.StatusOK || strings.Contains(body, token) {
		t.Errorf("with the cookie: %s %s", response.Status, body)
	}
	s.post(t, "jobs/run", form("name", "sync-prices"), http.StatusOK, withCookie)

	if response, _ := s.ask(t, http.MethodPost, "/login", form("token", token), anonymous); len(response.Cookies()) != 1 {
		t.Errorf("the form is answered by %s", response.Status)
	}
	response, body = s.ask(t, http.MethodPost, "/login", form("token", "wrong"), anonymous, header("Accept", "text/html"))
	if response.StatusCode != http.StatusUnauthorized || len(response.Cookies()) != 0 || !strings.Contains(body, "That is not a token") {
		t.Errorf("a wrong token: %s %s", response.Status, body)
	}
	// Behind a proxy that speaks HTTPS.
	response, _ = s.ask(t, http.MethodGet, link, nil, anonymous, asHost("localhost"), header("X-Forwarded-Proto", "https"))
	if c := response.Cookies(); len(c) != 1 || !c[0].Secure || c[0].Name != "fxhost-admin-https-443" {
		t.Errorf("cookie %v", c)
	}
}

// A page whose name was led to this address has that name in its requests.
func TestAnotherHostIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	s := openShop(t, hosttest.Settings{"Admin:AllowedHosts:0": "Admin.Example.com"})
	for path, method := range everywhere() {
		for _, name := range []string{"evil.example", "evil.example:8090", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "admin.example.com.evil"} {
			response, body := s.ask(t, method, path, nil, asHost(name))
			if response.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(body, "Admin:AllowedHosts") {
				t.Errorf("%s %s of %s: %s %s", method, path, name, response.Status, body)
			}
		}
	}
	for _, path := range []string{"/?token=" + token, "/login"} {
		if response, _ := s.ask(t, http.MethodGet, path, nil, asHost("evil.example")); response.StatusCode != http.StatusMisdirectedRequest || len(response.Cookies()) > 0 {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	for _, name := range []string{"localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8080", "192.168.0.7", "admin.example.com", "admin.example.com:443"} {
		if response, body := s.ask(t, http.MethodGet, "/jobs", nil, asHost(name)); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", name, response.Status, body)
		}
	}
}

func TestAnotherPageMustChangeNothing(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for name, c := range map[string]change{
		"cross-site":   header("Sec-Fetch-Site", "cross-site"),
		"same-site":    header("Sec-Fetch-Site", "same-site"), // another port of localhost
		"other origin": header("Origin", "http://evil.example"),
		"null origin":  header("Origin", "null"),
	} {
		s.post(t, "jobs/run", form("name", "sync-prices"), http.StatusForbidden, c)
		if response, _ := s.ask(t, http.MethodPost, "/login", form("token", token), c); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: login %s", name, response.Status)
		}
	}
	s.post(t, "jobs/run", form("name", "sync-prices"), http.StatusOK, header("Sec-Fetch-Site", "same-origin"))
	if response, _ := s.ask(t, http.MethodGet, "/api/v1/jobs/run?name=sync-prices", nil); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a link runs a job: %s", response.Status)
	}
}

func TestGrantsAreCheckedAtTheServer(t *testing.T) {
	t.Parallel()
	settings := hosttest.Settings{
		"Admin:Grants:0": "look", "Admin:Grants:1": "change",
		"Admin:Users:ada:Token": "token-of-ada-1234567", "Admin:Users:ada:Grants:0": "look", "Admin:Users:ada:Grants:1": "act",
		"Admin:Users:bob:Token": "token-of-bob-1234567",
		"Admin:Users:eve:Token": "token-of-eve-1234567", "Admin:Users:eve:Grants:0": "profile",
	}
	s := openShop(t, settings)
	settings["Admin:ReadOnly"] = true
	readOnly := openShop(t, settings)
	as := func(name string) change { return header("Authorization", "Bearer token-of-"+name+"-1234567") }
	own := header("Authorization", "Bearer "+token)
	for _, c := range []struct {
		shop          *shop
		name          string
		who           change
		look, act     int
		change, takes int
	}{
		{s, "token", own, 200, 403, 200, 403},
		{s, "ada", as("ada"), 200, 200, 403, 403},
		{s, "bob", as("bob"), 200, 200, 200, 200},
		{s, "eve", as("eve"), 403, 403, 403, 200},
		{readOnly, "bob, read only", as("bob"), 200, 403, 403, 403},
	} {
		got := func(method, path string, values ...string) int {
			response, _ := c.shop.ask(t, method, path, form(values...), c.who)
			return response.StatusCode
		}
		for what, pair := range map[string][2]int{
			"look":   {got(http.MethodGet, "/api/v1/services"), c.look},
			"page":   {got(http.MethodGet, "/jobs"), c.look},
			"act":    {got(http.MethodPost, "/api/v1/jobs/pause", "name", "sync-prices"), c.act},
			"change": {got(http.MethodPost, "/api/v1/levels/change", "category", "a", "level", "debug"), c.change},
			"takes":  {got(http.MethodGet, "/api/v1/profiles/heap"), c.takes},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %d, want %d", c.name, what, pair[0], pair[1])
			}
		}
		_, page := c.shop.ask(t, http.MethodGet, "/jobs", nil, c.who)
		if strings.Contains(page, "Run now") != (c.look == 200 && c.act == 200) {
			t.Errorf("%s: the page offers what is not allowed, or does not offer what is", c.name)
		}
	}
}

func TestHeadersKeepThePageFromBeingMisused(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for path, changes := range map[string][]change{"/jobs": nil, "/api/v1/jobs": nil, "/nowhere": nil, "/": {anonymous}, "/queues": {asHost("evil")}} {
		response, _ := s.ask(t, http.MethodGet, path, nil, changes...)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Access-Control-Allow-Origin": "", "Server": "",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", path, policy)
		}
	}
}

// Neither the import of this package nor its server adds anything to the server of a
// program that serves http.DefaultServeMux.
func TestNothingIsAddedToTheDefaultServeMux(t *testing.T) {
	t.Parallel()
	openShop(t, nil)
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/debug/requests", "/services", "/"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, pattern := http.DefaultServeMux.Handler(request); pattern != "" {
			t.Errorf("http.DefaultServeMux serves %s as %q", path, pattern)
		}
	}
}
