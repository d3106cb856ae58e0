package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/admin"
	"github.com/fxhost/fxhost/hosted"
)

func untilStopped(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// A tool looks at the services and changes a level.
func ExampleUse() {
	var page *admin.Admin
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(io.Discard)
	_ = builder.Configuration.Add(config.Map(map[string]any{
		"Admin:Users:deploy:Token":    "read-it-from-a-secret",
		"Admin:Users:deploy:Grants:0": "look",
		"Admin:Users:deploy:Grants:1": "change",
	}))
	builder.Add(
		admin.Use(),
		background.Func("poller", untilStopped),
		fx.Populate(&page),
	)
	h, err := builder.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := h.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}

	ask := func(method, path string, form url.Values, answer any) {
		request, _ := http.NewRequestWithContext(ctx, method, "http://"+page.Addresses()[0]+path, strings.NewReader(form.Encode()))
		request.Header.Set("Authorization", "Bearer read-it-from-a-secret")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		_ = json.NewDecoder(response.Body).Decode(answer)
	}
	var services struct {
		Services []struct{ Name, State string }
	}
	ask("GET", "/api/v1/services?q=poller", nil, &services)
	var done struct{ Old, New string }
	ask("POST", "/api/v1/levels/change", url.Values{"category": {"poller"}, "level": {"Debug"}, "for": {"1h"}}, &done)
	var refused struct{ Error string }
	ask("POST", "/api/v1/jobs/run", url.Values{"name": {"nightly"}}, &refused)

	fmt.Println(services.Services)
	fmt.Println(done.Old, "->", done.New)
	fmt.Println(refused.Error)
	fmt.Println(h.Stop(ctx))
	// Output:
	// [{poller running}]
	// Information -> Debug for 1h0m0s
	// this needs the grant "act", which you do not have
	// <nil>
}

// In an application of plain fx the options are given in code.
func ExampleModule() {
	options := admin.Options{
		Urls:         "http://127.0.0.1:0;http://[::1]:0",
		Token:        config.Secret("read-it-from-a-secret"),
		Grants:       []admin.Grant{admin.Look, admin.Act, admin.Change, admin.Profile},
		Users:        map[string]admin.User{"ada": {Token: "another-secret-of-hers", Grants: []admin.Grant{admin.Look}}},
		AllowedHosts: []string{"admin.example.com"},
		ReadOnly:     true, // for now
		Disabled:     false,
	}
	fmt.Println(fx.New(fx.NopLogger, hosted.Module(), admin.Module(options)).Err())
	// Output:
	// <nil>
}
