//go:build unix

package admin_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a browser may take on a machine that has much else to do. It is
// waited for a condition, so that nothing depends on it but how long a failure takes.
const patience = 90 * time.Second

// browser is a Chromium without a window, driven by its DevTools protocol over two pipes.
type browser struct {
	t       *testing.T
	to      *os.File
	session string

	mu       sync.Mutex
	last     int
	waiting  map[int]chan reply
	requests []string // addresses that any page has asked for
	ended    error
}

// oneBrowser is held by who has a browser: each takes much memory.
var oneBrowser sync.Mutex

// errBrowserEnded is no failure of the page's.
var errBrowserEnded = errors.New("the browser has ended by itself")

type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// openBrowser starts a browser with one page, or skips the test where there is none.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("there is no chromium to look at the page with: install it to run this test")
	}
	oneBrowser.Lock()
	t.Cleanup(oneBrowser.Unlock)
	toBrowser, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: processes of the browser write to it until they have all ended.
	folder, err := os.MkdirTemp("", "browser") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", //nolint:gosec // it was looked up
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
		"--disable-extensions", "--user-data-dir="+folder, "--remote-debugging-pipe", "--window-size=1280,900",
		"--host-resolver-rules=MAP evil.example 127.0.0.1", "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // it reads 3 and writes 4
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Skip("chromium does not start: ", err)
	}
	_ = toBrowser.Close()
	_ = fromBrowser.Close()
	b := &browser{t: t, to: to, waiting: map[int]chan reply{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(from)
	}()
	t.Cleanup(func() {
		_ = to.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // all of its processes
		_ = cmd.Wait()
		<-read
		_ = from.Close()
		for begin := time.Now(); os.RemoveAll(folder) != nil && time.Since(begin) < patience; {
			time.Sleep(50 * time.Millisecond)
		}
	})
	target := struct {
		TargetID string `json:"targetId"`
	}{}
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	attached := struct {
		SessionID string `json:"sessionId"`
	}{}
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Network.enable", map[string]any{}, nil)
	b.call("Page.enable", map[string]any{}, nil)
	return b
}

// read takes what the browser says: messages that end with a zero.
func (b *browser) read(from *os.File) {
	reader := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := reader.ReadBytes(0)
		b.mu.Lock()
		if err != nil {
			b.ended = errors.Join(errBrowserEnded, err)
			for _, waiting := range b.waiting {
				close(waiting)
			}
			b.waiting = nil
			b.mu.Unlock()
			return
		}
		var r reply
		_ = json.Unmarshal(text[:len(text)-1], &r)
		if waiting := b.waiting[r.ID]; r.ID > 0 && waiting != nil {
			delete(b.waiting, r.ID)
			waiting <- r
		}
		if r.Method == "Network.requestWillBeSent" {
			sent := struct{ Request struct{ URL string } }{}
			_ = json.Unmarshal(r.Params, &sent)
			b.requests = append(b.requests, sent.Request.URL)
		}
		b.mu.Unlock()
	}
}

// call calls a method of the protocol.
func (b *browser) call(method string, params any, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.fatal("%s: %v", method, err)
	}
}

// fatal ends the test, as a failure unless the browser has crashed.
func (b *browser) fatal(format string, args ...any) {
	b.t.Helper()
	b.mu.Lock()
	ended := b.ended
	b.mu.Unlock()
	if ended != nil {
		b.t.Skip("chromium does not work here: ", ended)
	}
	b.t.Fatalf(format, args...)
}

func (b *browser) try(method string, params any, result any) error {
	b.mu.Lock()
	if b.ended != nil {
		defer b.mu.Unlock()
		return b.ended
	}
	b.last++
	id, answer := b.last, make(chan reply, 1)
	b.waiting[id] = answer
	b.mu.Unlock()
	request := map[string]any{"id": id, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return err
	}
	select {
	case r, ok := <-answer:
		switch {
		case !ok:
			return errBrowserEnded
		case r.Error != nil:
			return errors.New(r.Error.Message)
		case result != nil:
			return json.Unmarshal(r.Result, result)
		}
		return nil
	case <-time.After(patience):
		return errors.New("no answer")
	}
}

// eval returns the value of an expression of the page.
func (b *browser) eval(expression string) (any, error) {
	result := struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Exception struct{ Description string }
			Text      string
		}
	}{}
	err := b.try("Runtime.evaluate", map[string]any{
		"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &result)
	if e := result.ExceptionDetails; err == nil && e != nil {
		err = errors.New(e.Text + " " + e.Exception.Description)
	}
	return result.Result.Value, err
}

// wait waits until an expression is true. The page may be on its way to another one.
func (b *browser) wait(expression string) {
	b.t.Helper()
	var value any
	var err error
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(50 * time.Millisecond) {
		if value, err = b.eval(expression); err == nil && value == true {
			return
		}
		if errors.Is(err, errBrowserEnded) {
			break
		}
	}
	text, _ := b.eval("document.location.href + '\\n' + document.body.innerText")
	b.fatal("waited in vain for %s: %v, %v\n%v", expression, value, err, text)
}

// do evaluates an expression.
func (b *browser) do(expression string) any {
	b.t.Helper()
	value, err := b.eval(expression)
	if err != nil {
		b.fatal("%s: %v", expression, err)
	}
	return value
}

func (b *browser) goTo(address string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": address}, nil)
}

// click clicks on what a selector finds and whose text begins so, once it is there.
func (b *browser) click(selector, text string) {
	b.t.Helper()
	found := fmt.Sprintf("[...document.querySelectorAll(%q)].find(e => e.textContent.trim().startsWith(%q) && !e.disabled)", selector, text)
	b.wait("!!" + found)
	b.do(found + ".click()")
}

// look writes a picture of the page, if FXHOST_SCREENSHOTS names a folder.
func (b *browser) look(name string) {
	b.t.Helper()
	folder := os.Getenv("FXHOST_SCREENSHOTS")
	if folder == "" {
		return
	}
	for _, v := range []struct {
		name, scheme string
		width        int
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"narrow", "light", 390}} {
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": v.scheme}}}, nil)
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": v.width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
		picture := struct{ Data string }{}
		b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &picture)
		data, err := base64.StdEncoding.DecodeString(picture.Data)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name+"-"+v.name+".png"), data, 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.call("Emulation.clearDeviceMetricsOverride", map[string]any{}, nil)
}

// elsewhere are requests to anything but the page itself.
func (b *browser) elsewhere(origin string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, request := range b.requests {
		if !strings.HasPrefix(request, origin+"/") && !strings.HasPrefix(request, "data:") && request != "about:blank" {
			all = append(all, request)
		}
	}
	return all
}
