// Sends mails with Go's net/smtp in the ways of apps that use it. See support/real_client.py for jobs and answers.
//
// Each way makes the calls that the app's own source makes, in its order and with its words around an error.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"time"
)

const message = "Subject: Conformance\r\n\r\n.one line\r\n"

type job struct {
	ID       int
	Way      string
	Mode     string
	Host     string
	Port     int
	User     string
	Password string
	Sender   string
	To       string
	Timeout  *float64
	Patience float64
}

func (j job) address() string { return net.JoinHostPort(j.Host, fmt.Sprint(j.Port)) }

func (j job) trust() *tls.Config { return &tls.Config{ServerName: j.Host} }

// limit is the app's own limit of 10 s, shortened where the job has one.
func (j job) limit() time.Duration {
	if j.Timeout == nil {
		return 10 * time.Second
	}
	return time.Duration(*j.Timeout * float64(time.Second))
}

func wrap(text string, err error) error { return fmt.Errorf("%s: %w", text, err) }

// login is AUTH LOGIN as most apps have it: net/smtp itself has none.
type login struct {
	user, password, host, refusal string
	needsTLS, fold                bool
}

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if l.needsTLS && !server.TLS {
		return "", nil, errors.New("unencrypted connection")
	}
	if l.host != "" && server.Name != l.host {
		return "", nil, errors.New("wrong host name")
	}
	return "LOGIN", []byte{}, nil
}

func (l *login) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	text := string(prompt)
	if l.fold {
		text = strings.ToLower(text)
	}
	switch {
	case text == "Username:" || l.fold && text == "username:":
		return []byte(l.user), nil
	case text == "Password:" || l.fold && text == "password:":
		return []byte(l.password), nil
	}
	return nil, errors.New(strings.ReplaceAll(l.refusal, "%s", string(prompt)))
}

func sender(text string) (string, error) {
	found, err := mail.ParseAddressList(text)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("must be exactly one 'from' address (got: %d)", len(found))
	}
	return found[0].Address, nil
}

func deliver(c *smtp.Client, from, to string, words [4]string) error {
	around := func(index int, err error) error {
		if err == nil || words[index] == "" {
			return err
		}
		return wrap(words[index], err)
	}
	if err := c.Mail(from); err != nil {
		return around(0, err)
	}
	if err := c.Rcpt(to); err != nil {
		return around(1, err)
	}
	w, err := c.Data()
	if err != nil {
		return around(2, err)
	}
	if _, err = io.WriteString(w, message); err != nil {
		return err
	}
	return around(3, w.Close())
}

// Prometheus Alertmanager, notify/email/email.go.
func alertmanager(j job) error {
	var conn net.Conn
	var err error
	if j.Mode == "implicit" {
		if conn, err = tls.Dial("tcp", j.address(), j.trust()); err != nil {
			return wrap("establish TLS connection to server", err)
		}
	} else {
		dialer := net.Dialer{}
		if conn, err = dialer.DialContext(context.Background(), "tcp", j.address()); err != nil {
			return wrap("establish connection to server", err)
		}
	}
	c, err := smtp.NewClient(conn, j.Host)
	if err != nil {
		conn.Close()
		return wrap("create SMTP client", err)
	}
	defer c.Quit()
	if j.Mode == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			text := "'require_tls' is true (default) but %q does not advertise the STARTTLS extension"
			return fmt.Errorf(text, j.address())
		}
		if err := c.StartTLS(j.trust()); err != nil {
			return wrap("send STARTTLS command", err)
		}
	}
	if ok, offered := c.Extension("AUTH"); ok && j.User != "" {
		auth, name, why := chosen(j, offered)
		if auth == nil {
			return wrap("find auth mechanism", errors.New(why))
		}
		if err := c.Auth(auth); err != nil {
			return wrap(name+" auth", err)
		}
	}
	from, err := sender(j.Sender)
	if err != nil {
		return wrap("parse 'from' addresses", err)
	}
	return deliver(c, from, j.To, [4]string{
		"send MAIL command", "send RCPT command", "send DATA command", "delivery failure",
	})
}

func chosen(j job, offered string) (smtp.Auth, string, string) {
	var why []string
	for _, name := range strings.Split(offered, " ") {
		switch {
		case name == "CRAM-MD5":
			why = append(why, "missing secret for CRAM-MD5 auth mechanism")
		case (name == "PLAIN" || name == "LOGIN") && j.Password == "":
			why = append(why, "missing password for "+name+" auth mechanism")
		case name == "PLAIN":
			return smtp.PlainAuth("", j.User, j.Password, j.Host), "*smtp.plainAuth", ""
		case name == "LOGIN":
			auth := &login{user: j.User, password: j.Password, refusal: "unexpected server challenge", fold: true}
			return auth, "*email.loginAuth", ""
		default:
			why = append(why, "unknown auth mechanism: "+name)
		}
	}
	return nil, "", strings.Join(why, "\n")
}

// Mattermost, server/platform/shared/mail/mail.go. The result of StartTLS is not looked at.
func mattermost(j job) error {
	dialer := &net.Dialer{Timeout: j.limit()}
	var conn net.Conn
	var err error
	if j.Mode == "implicit" {
		if conn, err = tls.DialWithDialer(dialer, "tcp", j.address(), j.trust()); err != nil {
			return wrap("unable to connect to the SMTP server through TLS", err)
		}
	} else if conn, err = dialer.Dial("tcp", j.address()); err != nil {
		return wrap("unable to connect to the SMTP server", err)
	}
	defer conn.Close()
	type made struct {
		c   *smtp.Client
		err error
	}
	came := make(chan made, 1)
	go func() {
		c, err := smtp.NewClient(conn, j.address())
		came <- made{c, err}
	}()
	var c *smtp.Client
	select {
	case <-time.After(j.limit()):
		return wrap("unable to connect to the SMTP server", context.DeadlineExceeded)
	case found := <-came:
		if found.err != nil {
			return wrap("unable to connect to the SMTP server", found.err)
		}
		c = found.c
	}
	if err := c.Hello("chat.example.com"); err != nil {
		return wrap("unable to send hello message", err)
	}
	if j.Mode == "opportunistic" {
		c.StartTLS(j.trust())
	}
	if j.User != "" {
		if err := c.Auth(&mattermostAuth{job: j}); err != nil {
			return wrap("authentication failed", err)
		}
	}
	return deliver(c, j.Sender, j.To, [4]string{
		"failed to set the from address", "failed to set the to address", "failed to add email message data",
		"failed to close connection to the SMTP server",
	})
}

type mattermostAuth struct {
	smtp.Auth
	job job
}

func (a *mattermostAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	j := a.job
	a.Auth = &login{
		user: j.User, password: j.Password, host: j.address(), refusal: "Unknown fromServer", needsTLS: true,
	}
	for _, name := range server.Auth {
		if name == "PLAIN" {
			a.Auth = smtp.PlainAuth("", j.User, j.Password, j.address())
		}
	}
	return a.Auth.Start(server)
}

// listmonk on knadh/smtppool, pool.go, with auth_protocol `plain`, `login` or `cram`.
func listmonk(j job, protocol string) error {
	var conn net.Conn
	var err error
	if j.Mode == "implicit" {
		conn, err = tls.DialWithDialer(&net.Dialer{Timeout: j.limit()}, "tcp", j.address(), j.trust())
	} else {
		conn, err = net.DialTimeout("tcp", j.address(), j.limit())
	}
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, j.Host)
	if err != nil {
		return err
	}
	defer c.Close()
	if j.Mode == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return errors.New("SMTP STARTTLS extension not found")
		}
		if err := c.StartTLS(j.trust()); err != nil {
			return err
		}
	}
	if j.User != "" {
		auth := map[string]smtp.Auth{
			"plain": smtp.PlainAuth("", j.User, j.Password, j.Host),
			"cram":  smtp.CRAMMD5Auth(j.User, j.Password),
			"login": &login{user: j.User, password: j.Password, refusal: "unkown SMTP fromServer"},
		}[protocol]
		if ok, _ := c.Extension("AUTH"); !ok {
			return errors.New("SMTP AUTH extension not found")
		}
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	from, err := mail.ParseAddress(j.Sender)
	if err != nil {
		return err
	}
	return deliver(c, from.Address, j.To, [4]string{})
}

var ways = map[string]func(job) error{
	"alertmanager":   alertmanager,
	"mattermost":     mattermost,
	"listmonk-plain": func(j job) error { return listmonk(j, "plain") },
	"listmonk-login": func(j job) error { return listmonk(j, "login") },
	"listmonk-cram":  func(j job) error { return listmonk(j, "cram") },
}

func main() {
	var printing sync.Mutex
	answer := func(value map[string]any) {
		line, _ := json.Marshal(value)
		printing.Lock()
		defer printing.Unlock()
		fmt.Println(string(line))
	}
	fmt.Println("ready")
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		go func() {
			var j job
			if err := json.Unmarshal(line, &j); err != nil {
				panic(err)
			}
			done := make(chan error, 1)
			go func() { done <- ways[j.Way](j) }()
			select {
			case <-time.After(time.Duration(j.Patience * float64(time.Second))):
				answer(map[string]any{"id": j.ID, "hangs": true})
			case err := <-done:
				found := map[string]any{"id": j.ID, "ok": err == nil}
				var refused *textproto.Error
				if errors.As(err, &refused) {
					found["code"] = refused.Code
				}
				if err != nil {
					found["message"] = err.Error()
				}
				answer(found)
			}
		}()
	}
}
