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
			`^host: build: \S*host_test\.twiceSettings is configured twice, by \S+configure_test\.go:\d+ and by \S+configure_test\.go:\d+: ` +
				`remove one; config\.ConfigureNamed has several sections of one type$`,
		},
		"forgotten": {
			fx.Invoke(func(*config.Monitor[twiceSettings]) {}),
			`missing type: \*config\.Monitor\[\S*host_test\.twiceSettings\].*: add config\.Configure\[\S*host_test\.twiceSettings\] with the name of a section`,
		},
	} {
		builder, _ := hosttest.NewBuilder(t, nil, test.option)
		if _, err := builder.Build(); err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
			t.Errorf("%s: got\n%v", name, err)
		}
	}
}
