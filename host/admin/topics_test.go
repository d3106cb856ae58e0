package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
)

// What comes from outside is text, on every page and with every filter.
func TestEveryTextIsEscaped(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	s.bury(t, 2)
	if err := s.sender.Send(t.Context(), invoice{9, evil, "", ""}, queue.ID("<script>id</script>"), queue.Header("<i>", "<script>h</script>")); err != nil {
		t.Fatal(err)
	}
	s.waitForDead(t, 3)
	if err := s.jobs.Pause("sync-prices", evil); err != nil {
		t.Fatal(err)
	}
	if err := s.jobs.RunNow("sync-prices"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the run", func() bool { status, _ := s.jobs.Get("sync-prices"); return status.LastError != nil })
	s.post(t, "levels/change", form("category", evil, "level", "debug"), http.StatusOK)
	s.post(t, "jobs/run", form("name", evil), http.StatusNotFound)
	shown := 0
	for _, topic := range []string{"services", "jobs", "queues", "dead-letters", "settings", "levels", "program", "actions"} {
		for _, query := range []string{"", "?q=script", "?q=%3Cscript%3Ex%22%27&after=%3Cscript%3E", "?queue=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"} {
			_, body := s.ask(t, http.MethodGet, "/"+topic+query, nil)
			if strings.Count(body, "<script") != 1 || strings.Contains(body, "<img") || strings.Contains(body, "<i>") {
				t.Errorf("/%s%s has what is from outside as markup", topic, query)
			}
			shown += strings.Count(body, html.EscapeString("<script>document.title"))
		}
	}
	if shown < 8 {
		t.Errorf("the texts are shown %d times: what has been tested?", shown)
	}
}

func TestSecretsAreShownNowhere(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	s.bury(t, 1)
	for _, topic := range []string{"services", "jobs", "queues", "dead-letters", "settings", "levels", "program", "actions"} {
		for _, path := range []string{"/" + topic, "/api/v1/" + topic} {
			_, body := s.ask(t, http.MethodGet, path, nil)
			if strings.Contains(body, token) || containsHidden(body) {
				t.Errorf("%s shows a secret", path)
			}
		}
	}
	// A filter does not find what is not shown.
	if letters := get[struct{ Matches, Total int }](t, s, "dead-letters?queue=invoices&q=classified"); letters.Matches != 0 || letters.Total != 1 {
		t.Errorf("found %+v", letters)
	}
	for _, record := range s.host.Logs.All() {
		if text := fmt.Sprint(record.Message, record.ContextMap()); strings.Contains(text, token) {
			t.Errorf("the token is in the log: %s", text)
		}
	}
}

type letters struct {
	Letters []struct{ ID, Message, Key, Reason, Payload string }
	Matches int
	Total   int
	Next    string
}

func TestDeadLettersAreFilteredCountedAndSentAgain(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	const n = 130
	s.bury(t, n)
	all := get[letters](t, s, "dead-letters?queue=invoices")
	if all.Matches != n || len(all.Letters) != 50 || all.Next != all.Letters[49].ID {
		t.Fatalf("%d match, %d are shown, next %q", all.Matches, len(all.Letters), all.Next)
	}
	if want := "{\n  \"Number\": 0,\n  \"Password\": \"***\",\n  \"card\": \"***\",\n  \"customer\": \"customer-0\"\n}"; all.Letters[0].Payload != want {
		t.Errorf("payload %s, want %s", all.Letters[0].Payload, want)
	}
	third := get[letters](t, s, "dead-letters?queue=invoices&after="+get[letters](t, s, "dead-letters?queue=invoices&after="+all.Next).Next)
	if len(third.Letters) != n-100 || third.Next != "" {
		t.Errorf("the third page has %d, next %q", len(third.Letters), third.Next)
	}
	filtered := get[letters](t, s, "dead-letters?queue=invoices&q=CUSTOMER-1+mailbox")
	if filtered.Matches != 43 || filtered.Total != n {
		t.Errorf("%d of %d match", filtered.Matches, filtered.Total)
	}

	// The count comes first, and nothing happens with another one.
	for _, count := range []string{"", "42", "44"} {
		if body := s.post(t, "dead-letters/resend", form("queue", "invoices", "q", "customer-1", "count", count), http.StatusConflict); !strings.Contains(body, "43 match now") {
			t.Errorf("count %q: %s", count, body)
		}
	}
	s.waitForDead(t, n)
	s.broken.Store(false)
	s.post(t, "dead-letters/resend", form("queue", "invoices", "q", "customer-1", "count", "43"), http.StatusOK)
	s.post(t, "dead-letters/resend", form("queue", "invoices", "id", all.Letters[2].ID, "id", all.Letters[0].ID), http.StatusOK)
	s.waitForDead(t, n-45)
	eventually(t, "the messages", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.handled) == 45 })
	s.mu.Lock()
	for i, number := range s.handled[:43] { // one handler: in their order
		if number != 3*i+1 {
			t.Errorf("message %d is the %d. one that is handled", number, i)
		}
	}
	if s.handled[43] != 0 || s.handled[44] != 2 {
		t.Errorf("in the end %v", s.handled[43:])
	}
	s.mu.Unlock()

	s.post(t, "dead-letters/discard", form("queue", "invoices", "id", all.Letters[0].ID), http.StatusNotFound) // it was sent again
	s.post(t, "dead-letters/discard", form("queue", "invoices", "count", fmt.Sprint(n-45)), http.StatusOK)
	s.waitForDead(t, 0)
	s.post(t, "dead-letters/resend", form("queue", "nothing", "count", "0"), http.StatusNotFound)
	if response, _ := s.ask(t, http.MethodGet, "/api/v1/dead-letters?queue=nothing", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("a queue that is not there: %s", response.Status)
	}
}

func TestActionsAreKeptAndLogged(t *testing.T) {
	t.Parallel()
	s := openShop(t, hosttest.Settings{"Admin:Users:ada:Token": "token-of-ada-1234567"})
	ada := header("Authorization", "Bearer token-of-ada-1234567")
	s.post(t, "jobs/pause", form("name", "sync-prices"), http.StatusOK, ada)
	s.post(t, "jobs/resume", form("name", "sync-prices"), http.StatusOK)
	s.post(t, "jobs/pause", form("name", "nothing"), http.StatusNotFound, ada)
	records := s.host.Logs.FilterLoggerName("admin").FilterMessage("admin action").All()
	if len(records) != 2 {
		t.Fatalf("%d records: %v", len(records), records)
	}
	for name, want := range map[string]string{"by": "ada", "action": "jobs/pause", "target": "sync-prices", "old": "waiting", "new": "paused", "client": "127.0.0.1"} {
		if got := records[0].ContextMap()[name]; got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	if old := records[1].ContextMap()["old"]; old != "paused by ada" {
		t.Errorf("old is %v", old)
	}
	if failed := s.host.Logs.FilterLoggerName("admin").FilterMessage("admin action failed").FilterField(zap.String("target", "nothing")).Len(); failed != 1 {
		t.Errorf("%d records of the failure", failed)
	}
	for range 120 {
		s.post(t, "jobs/pause", form("name", "sync-prices"), http.StatusOK)
	}
	kept := get[struct {
		Actions []struct{ Who, Action, Target, Error string }
		Total   int
	}](t, s, "actions")
	if len(kept.Actions) != 100 || kept.Total != 100 {
		t.Errorf("%d are kept", len(kept.Actions))
	}
	if filtered := get[struct{ Actions []any }](t, s, "actions?q=ada"); len(filtered.Actions) != 0 {
		t.Errorf("the oldest are there: %v", filtered)
	}
}

type levels struct {
	Categories []struct {
		Category, Level string
		Changed         bool
		Until           time.Time
	}
}

func (l levels) of(name string) (level string, until time.Time) {
	for _, c := range l.Categories {
		if c.Category == name {
			return c.Level, c.Until
		}
	}
	return "", time.Time{}
}

func TestLevelsAreChangedForAQuarterOfAnHourUnlessTold(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	begin := time.Now()
	s.post(t, "levels/change", form("category", "store", "level", "debug"), http.StatusOK)
	level, until := get[levels](t, s, "levels").of("store")
	if left := until.Sub(begin); level != "Debug" || left < 15*time.Minute-time.Second || left > 20*time.Minute {
		t.Errorf("store is %s until %v", level, until)
	}
	s.post(t, "levels/change", form("category", "store", "level", "Error", "for", "0"), http.StatusOK)
	if level, until := get[levels](t, s, "levels?q=sto").of("store"); level != "Error" || !until.IsZero() {
		t.Errorf("store is %s until %v", level, until)
	}
	s.post(t, "levels/reset", form("category", "store"), http.StatusOK)
	s.post(t, "levels/reset", form("category", "store"), http.StatusNotFound)
	if level, _ := get[levels](t, s, "levels").of("store"); level != "Information" {
		t.Errorf("store is %s", level)
	}
	for _, values := range [][]string{
		{"category", "store", "level", "loud"},
		{"category", "", "level", "debug"},
		{"level", "debug"},
		{"category", "store"},
		{"category", "store", "level", "debug", "for", "soon"},
		{"category", "store", "level", "debug", "for", "-5m"},
		{"category", "a*b*c", "level", "debug"},
	} {
		s.post(t, "levels/change", form(values...), http.StatusBadRequest)
	}
}

func TestTheGraphIsText(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	_, text := s.ask(t, http.MethodGet, "/api/v1/graph", nil)
	if !strings.HasPrefix(text, "graph TD\n  s0[\"admin\"]\n") || !strings.Contains(text, "  s3 --> s2\n") {
		t.Errorf("graph:\n%s", text)
	}
	if _, dot := s.ask(t, http.MethodGet, "/api/v1/graph.dot", nil); !strings.HasPrefix(dot, "digraph {") {
		t.Errorf("constructors:\n%.100s", dot)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	for path, want := range map[string]struct {
		status int
		begin  string
	}{
		"goroutine?debug=2": {200, "goroutine "},
		"goroutine?debug=1": {200, "goroutine profile: total"},
		"heap?gc=1":         {200, "\x1f\x8b"},
		"allocs":            {200, "\x1f\x8b"},
		"trace?seconds=1":   {200, "go 1."},
		"cpu?seconds=0":     {400, "{"},
		"cpu?seconds=1e9":   {400, "{"},
		"nothing":           {404, "{"},
		"cmdline":           {404, "{"},
	} {
		response, body := s.ask(t, http.MethodGet, "/api/v1/profiles/"+path, nil)
		if response.StatusCode != want.status || !strings.HasPrefix(body, want.begin) {
			t.Errorf("%s: %s %.60q", path, response.Status, body)
		}
	}
}

// A form of the page works without its script.
func TestAFormComesBackToThePage(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	response, _ := s.ask(t, http.MethodPost, "/api/v1/jobs/pause", form("name", "sync-prices"), header("Accept", "text/html,*/*"))
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/jobs" {
		t.Errorf("%s to %s", response.Status, response.Header.Get("Location"))
	}
}

func TestTheSameIsShownAsJSONAndAsAPage(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	services := get[struct {
		Host     struct{ State string }
		Services []struct {
			Name, State string
			Needs       []string
		}
		Total  int
		Checks []struct{ Name, Status string }
	}](t, s, "services?q=POLL")
	if services.Host.State != "running" || len(services.Services) != 1 || services.Services[0].Needs[0] != "store" || services.Total != 6 {
		t.Errorf("services %+v", services)
	}
	_, page := s.ask(t, http.MethodGet, "/services?q=POLL", nil)
	if !strings.Contains(page, "1 of 6") || !strings.Contains(page, `value="POLL"`) || strings.Contains(page, "queue.invoices") {
		t.Errorf("page %s", page)
	}
	var settings struct {
		Settings []struct {
			Key, Value, Masked, Source string
			Unread                     bool
		}
	}
	_, body := s.ask(t, http.MethodGet, "/api/v1/settings?q=worker", nil)
	if err := json.Unmarshal([]byte(body), &settings); err != nil || len(settings.Settings) != 2 || settings.Settings[0].Value != `"5s"` || settings.Settings[1].Masked != "its type" {
		t.Errorf("%v: settings %+v", err, settings)
	}
}

// What a person sees of a payload is short, and what a person must not see is in
// neither the payload nor the headers.
func TestPayloadsAreMaskedAndCut(t *testing.T) {
	t.Parallel()
	s := openShop(t, nil)
	if err := s.sender.Send(t.Context(), invoice{1, strings.Repeat("€", 10_000), "4111-classified", ""},
		queue.Header("Authorization", "Bearer classified"), queue.Header("origin", "shop")); err != nil {
		t.Fatal(err)
	}
	if err := s.sender.Send(t.Context(), invoice{2, "https://ada:classified@example.com", "", ""}); err != nil {
		t.Fatal(err)
	}
	s.waitForDead(t, 2)
	seen := get[struct {
		Letters []struct {
			Payload string
			Bytes   int
			Headers map[string]string
		}
	}](t, s, "dead-letters?queue=invoices").Letters
	if text := fmt.Sprint(seen); containsHidden(text) {
		t.Errorf("a secret is shown: %s", text)
	}
	if long := seen[0]; len(long.Payload) > 4<<10+10 || !strings.HasSuffix(long.Payload, "€ …") || long.Bytes < 30_000 {
		t.Errorf("%d of %d bytes are shown: …%s", len(long.Payload), long.Bytes, long.Payload[len(long.Payload)-20:])
	}
	if headers := seen[0].Headers; headers["Authorization"] != "***" || headers["origin"] != "shop" {
		t.Errorf("headers %v", headers)
	}
}

type step struct{ Key, N int }

// Dead letters that are ordered by key are sent again in the order in which they were sent.
func TestTheOrderByKeyIsKept(t *testing.T) {
	t.Parallel()
	var (
		mu     sync.Mutex
		mended bool
		got    = map[int][]int{}
		total  int
		sender queue.Sender[step]
	)
	s := newShop(t, nil, fx.Populate(&sender),
		queue.Handle[step](queue.HandlerFunc[step](func(_ context.Context, m step) error {
			mu.Lock()
			defer mu.Unlock()
			if !mended {
				return queue.Permanent(errors.New("not yet"))
			}
			got[m.Key] = append(got[m.Key], m.N)
			total++
			return nil
		}), queue.Name("steps"), queue.Ordered(4)))
	if err := s.host.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const n = 60
	for i := range n {
		if err := sender.Send(t.Context(), step{i % 5, i}, queue.Key(fmt.Sprint(i%5))); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "dead letters", func() bool { return get[letters](t, s, "dead-letters?queue=steps").Matches == n })
	mu.Lock()
	mended = true
	mu.Unlock()
	s.post(t, "dead-letters/resend", form("queue", "steps", "count", fmt.Sprint(n)), http.StatusOK)
	eventually(t, "all messages", func() bool { mu.Lock(); defer mu.Unlock(); return total == n })
	for key, numbers := range got {
		if !slices.IsSorted(numbers) || len(numbers) != n/5 {
			t.Errorf("key %d: %v", key, numbers)
		}
	}
}
