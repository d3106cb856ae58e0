//go:build unix

package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/host/hosttest"
)

// A person opens the link, changes a level and back, runs a job and pauses it, and sends
// dead letters again.
func TestAPersonUsesThePage(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s := openShop(t, hosttest.Settings{"Shop:Name": "<b>shop</b>"})
	s.bury(t, 5)
	if err := s.jobs.RunNow("sync-prices"); err != nil {
		t.Fatal(err)
	}

	b.goTo(s.admin.Link())
	b.wait(`location.pathname === "/services" && location.search === "" && document.querySelector("#host")?.textContent === "running"`)
	b.wait(`document.querySelector("#age").textContent === "live"`)
	if cookie := b.do(`document.cookie`); cookie != "" {
		t.Errorf("a script can read the cookie: %v", cookie)
	}
	b.wait(`document.querySelector("main").textContent.includes("no connection to <script>")`)
	b.look("services")

	// By the keys alone: the second topic, then the filter.
	key := func(key string) {
		t.Helper()
		b.do(fmt.Sprintf(`document.body.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true}))`, key))
	}
	key("2")
	b.wait(`location.pathname === "/jobs" && document.readyState === "complete"`)
	b.wait(`document.querySelector("main").textContent.includes("prices: <script>")`)
	b.click("main button", "Run now")
	b.wait(`[...document.querySelectorAll("main td[data-label=Runs]")].some(e => e.textContent.trim().startsWith("2"))`)
	b.click("main button", "Pause")
	b.wait(`[...document.querySelectorAll("main .pill")].some(e => e.textContent === "paused")`)
	b.look("jobs")
	b.click("main button", "Resume")
	b.wait(`[...document.querySelectorAll("main .pill")].some(e => e.textContent === "waiting")`)
	if status, _ := s.jobs.Get("sync-prices"); status.Paused || status.Runs != 2 {
		t.Errorf("job %+v", status)
	}

	b.goTo(s.origin() + "/levels")
	b.wait(`document.querySelector("#age")?.textContent === "live"`)
	b.do(`document.querySelector("#change [name=category]").value = "orders"`)
	b.click("#change button", "Change")
	changed := `[...document.querySelectorAll("main tr")].some(e => e.dataset.key === "orders" && e.textContent.includes("Debug") && e.textContent.includes("goes back"))`
	b.wait(changed)
	b.look("levels")
	b.click("main button", "Reset")
	b.wait(`!` + changed)

	b.goTo(s.origin() + "/queues")
	b.wait(`document.querySelector("#age")?.textContent === "live"`)
	b.look("queues")
	b.goTo(s.origin() + "/dead-letters?queue=invoices")
	b.wait(`document.querySelector("#matches")?.textContent === "5"`)
	b.look("dead-letters")
	b.wait(`document.querySelector("#age")?.textContent === "live"`)
	b.do(`document.querySelector("main details").open = true`)
	b.do(`(() => { const f = document.querySelector("[type=search]"); f.value = "customer-1"; f.dispatchEvent(new Event("input", {bubbles: true})) })()`)
	b.wait(`location.search === "?queue=invoices&q=customer-1" && document.querySelector("#matches").textContent === "2"`)
	if text := b.do(`document.querySelector("main").textContent`).(string); containsHidden(text) {
		t.Errorf("a secret is shown: %s", text)
	}
	s.broken.Store(false)
	b.click("main button", "Send all 2 again")
	b.click("dialog button", "Yes")
	s.waitForDead(t, 3)
	b.wait(`document.querySelector("#matches") === null || document.querySelector("#matches").textContent === "0"`)

	for _, topic := range []string{"settings", "program", "actions"} {
		b.goTo(s.origin() + "/" + topic)
		b.wait(`document.querySelector("#age")?.textContent === "live"`)
		b.look(topic)
	}
	b.wait(`document.querySelector("main").textContent.includes("dead-letters/resend")`)

	key("p")
	b.wait(`document.querySelector("#age").textContent.startsWith("paused")`)
	s.post(t, "levels/change", form("category", "quiet", "level", "Error"), 200)
	if title := b.do(`document.title`); title != "Actions · shop" {
		t.Errorf("a script from outside has run: %v", title)
	}
	b.do(`document.querySelector("#pause").click()`)
	b.wait(`document.querySelector("main").textContent.includes("quiet")`)

	// The host stops, which takes its time: the page says why, and then that it is gone.
	b.goTo(s.origin() + "/services")
	b.wait(`document.querySelector("#age")?.textContent === "live"`)
	stopped := make(chan error, 1)
	go func() { stopped <- s.host.Stop(context.Background()) }()
	b.wait(`document.querySelector("#host").textContent === "stopping" && document.querySelector("main pre").textContent.includes("(*poller).ExecuteAsync")`)
	b.look("stopping")
	close(s.stopping)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	b.wait(`document.querySelector("#age").textContent.startsWith("not live")`)

	if elsewhere := b.elsewhere(s.origin()); len(elsewhere) != 0 {
		t.Errorf("requests to somewhere else: %q", elsewhere)
	}
}

// A page of somebody else's, whose name was led to this address, gets nothing: the
// browser takes it for the same origin.
func TestAPageWhoseNameWasLedHereIsRefused(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s := openShop(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.origin(), "http://"), ":")
	b.goTo("http://evil.example:" + port + "/?token=" + token)
	b.wait(`document.body.textContent.includes("Admin:AllowedHosts")`)
	for _, request := range []string{
		`fetch("/services")`, `fetch("/services/events")`, `fetch("/api/v1/jobs/run", {method: "POST", body: new URLSearchParams({name: "sync-prices"})})`,
		`fetch("/login", {method: "POST", body: new URLSearchParams({token: "` + token + `"})})`,
	} {
		if status := b.do(request + `.then(r => r.status)`); status != 421.0 {
			t.Errorf("%s: %v", request, status)
		}
	}
	if status, _ := s.jobs.Get("sync-prices"); status.Runs != 0 {
		t.Error("it has run a job")
	}
}
