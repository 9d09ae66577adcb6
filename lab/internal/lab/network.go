package lab

import (
	"shop/clients/fraud"
	"shop/clients/mail"
	"shop/handlers"
	"shop/internal/selfsigned"
	"shop/internal/world"
	"shop/partner"
)

var networkModes = []Mode{
	{
		Name: "tls-client-stall", Kind: Sick,
		Title:       "An upstream that never answers the TLS handshake",
		Description: "The fraud checker accepts connections and does not answer the ClientHello; the transport has no TLSHandshakeTimeout.",
		Culprits:    []string{"shop/clients/fraud.(*Client).Check"},
		Rules:       []string{"tls/handshake-stall"}, SettleSeconds: 2,
		Scale: 200,
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "silent"})
			if err != nil {
				return err
			}
			client, err := fraud.NewClient(addr, nil)
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/check", (&handlers.Delivery{Fraud: client}).Check)
			return s.pileVisits("POST", "/checkout/check")
		},
	},
	{
		Name: "tls-server-stall", Kind: Sick,
		Title:       "Clients that never begin the TLS handshake",
		Description: "Resellers' load balancers open TCP connections to the partner API and send nothing; its server has no timeouts.",
		Culprits:    []string{"shop/partner.(*API).Serve"},
		Rules:       []string{"tls/handshake-stall"}, SettleSeconds: 3,
		Scale: 300, ScaleUnit: "connections",
		start: func(s *Site) error {
			certificate, _, err := selfsigned.New()
			if err != nil {
				return err
			}
			api, err := partner.NewAPI("127.0.0.1:0", certificate)
			if err != nil {
				return err
			}
			s.onStop(func() { _ = api.Close() })
			go func() { report(api.Serve()) }()
			return s.visit(world.Load{
				Kind: "idle", Addr: api.Addr(), AtOnce: s.Scale / 2, PerSecond: 10, Total: s.Scale,
			})
		},
	},
	{
		Name: "h2-stream-limit", Kind: Sick,
		Title:       "More requests than one HTTP/2 connection carries",
		Description: "The fraud checker allows 250 streams per connection, the client keeps to one connection, and its answers take ten minutes.",
		Culprits:    []string{"shop/clients/fraud.(*Client).Check"},
		Rules:       []string{"http/h2-stream-limit", "http/slow-upstream"}, SettleSeconds: 3,
		Scale: 360, MinGo: "1.26",
		start: func(s *Site) error {
			addr, authority, err := s.upstreamTLS(world.Upstream{Kind: "http2", DelayMs: forEver})
			if err != nil {
				return err
			}
			client, err := fraud.NewClient(addr, authority)
			if err != nil {
				return err
			}
			s.handle("POST", "/checkout/check", (&handlers.Delivery{Fraud: client}).Check)
			return s.visit(world.Load{Method: "POST", Path: "/checkout/check", AtOnce: 1, PerSecond: 150, Total: s.Scale})
		},
	},
	{
		Name: "dns-slow", Kind: Sick,
		Title:       "A name server that never answers",
		Description: "Every new customer's mail domain is looked up at a name server that is gone; each look-up takes its whole timeout.",
		Culprits:    []string{"shop/clients/mail.(*Checker).Check"},
		Rules:       []string{"dns/slow-lookup"}, SettleSeconds: 3,
		Scale: 150, ScaleUnit: "customers",
		start: func(s *Site) error {
			addr, err := s.upstream(world.Upstream{Kind: "no-dns"})
			if err != nil {
				return err
			}
			s.handle("POST", "/register", (&handlers.Delivery{Mail: mail.NewChecker(addr)}).Register)
			return s.visit(world.Load{Method: "POST", Path: "/register", AtOnce: s.Scale, Repeat: true})
		},
	},
}
