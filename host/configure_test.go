package host_test

import (
	"regexp"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host/hosttest"
)

type twiceSettings struct{ A int }

func TestMistakesWithConfigureSayWhatToWrite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"twice": {
			fx.Options(config.Configure[twiceSettings]("A"), config.Configure[twiceSettings]("B")),
			`^host: build: host_test\.twiceSettings is configured twice, by \S+configure_test\.go:\d+ and by \S+configure_test\.go:\d+: ` +
				`remove one; config\.ConfigureNamed has several sections of one type$`,
		},
		"forgotten": {
			fx.Invoke(func(*config.Monitor[twiceSettings]) {}),
			`missing type: \*config\.Monitor\[\S*host_test\.twiceSettings\].*: add config\.Configure\[host_test\.twiceSettings\]\("section"\)`,
		},
		"forgotten, of which the values are taken": {
			fx.Invoke(func(*twiceSettings) {}),
			`missing type: \*host_test\.twiceSettings: add config\.Configure\[host_test\.twiceSettings\]\("section"\) ` +
				`or a constructor of it with fx\.Provide \(registered at \S+configure_test\.go:\d+\)$`,
		},
	} {
		builder, _ := hosttest.NewBuilder(t, nil, test.option)
		if _, err := builder.Build(); err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
			t.Errorf("%s: got\n%v", name, err)
		}
	}
}
