package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"github.com/parachute-gate/parachute/connectors"
	"github.com/parachute-gate/parachute/connectors/console"
	"github.com/parachute-gate/parachute/connectors/discord"
	"github.com/parachute-gate/parachute/connectors/matrix"
	"github.com/parachute-gate/parachute/connectors/stdio"
	"github.com/parachute-gate/parachute/connectors/telegram"
	"github.com/parachute-gate/parachute/gate"
	"github.com/parachute-gate/parachute/internal/config"
)

// connect makes the connector for an entry of the configuration.
func (s *server) connect(ctx context.Context, t terminal, c config.Connector) (*link, error) {
	switch c.Kind {
	case "console":
		tty := isTerminal(t.in) && isTerminal(t.out)
		return &link{ends: tty, Connector: console.New(console.Deps{
			Name: c.Name, In: t.in, Out: t.out, TTY: tty, Color: tty && os.Getenv("NO_COLOR") == "",
			User: userName(), Now: time.Now,
			Pending: func(message string) bool {
				owed, err := s.db.TurnOwed(ctx, c.Name, message)
				return err == nil && owed
			},
		})}, nil
	case "stdio":
		return &link{Connector: stdio.New(stdio.Deps{Name: c.Name, In: t.in, Out: t.out, Log: s.log})}, nil
	default:
		driver, err := platform(s.cfg, c, s.log)
		return &link{Connector: driver, remote: true}, err
	}
}

// platform makes the driver of a chat platform: with connect, this is the list
// of all drivers.
func platform(cfg config.Config, c config.Connector, log *slog.Logger) (connectors.Connector, error) {
	commands := gate.Commands()
	dir := filepath.Join(cfg.Data, "connectors", c.Name)
	switch c.Kind {
	case "telegram":
		token, err := readSecret("token", c.TokenEnv, c.TokenFile)
		if err != nil {
			return nil, err
		}
		hook, err := webhook(c.Webhook)
		if err != nil {
			return nil, err
		}
		return telegram.New(telegram.Deps{
			Name: c.Name, Token: token.value, TokenFrom: token.from, API: c.APIURL, Webhook: hook,
			Commands: commands, Log: log, Now: time.Now,
		}), nil
	case "discord":
		token, err := readSecret("token", c.TokenEnv, c.TokenFile)
		if err != nil {
			return nil, err
		}
		return discord.New(discord.Deps{
			Name: c.Name, Token: token.value, TokenFrom: token.from, API: c.APIURL, Dir: dir,
			AllMessages: cfg.Groups == "all_messages", Commands: commands, Log: log, Now: time.Now,
		}), nil
	case "matrix":
		d := matrix.Deps{
			Name: c.Name, Homeserver: c.Homeserver, User: c.User, Dir: dir,
			Rooms: c.Rooms, DirectMessages: c.DirectMessages, Encrypted: c.Encrypted(),
			Commands: commands, Log: log, Now: time.Now,
		}
		if c.TokenEnv != "" || c.TokenFile != "" {
			token, err := readSecret("token", c.TokenEnv, c.TokenFile)
			d.Token, d.TokenFrom = token.value, token.from
			return matrix.New(d), err
		}
		password, err := readSecret("password", c.PasswordEnv, c.PasswordFile)
		d.Password, d.PasswordFrom = password.value, password.from
		return matrix.New(d), err
	default:
		return nil, fmt.Errorf("there is no kind of connector %q", c.Kind)
	}
}

func webhook(w config.Webhook) (*telegram.Webhook, error) {
	if w == (config.Webhook{}) {
		return nil, nil //nolint:nilnil // no webhook is not an error
	}
	s, err := readSecret("webhook secret", w.SecretEnv, w.SecretFile)
	return &telegram.Webhook{Listen: w.Listen, URL: w.URL, Secret: s.value, SecretFrom: s.from}, err
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
