// Package buildbot speaks with a buildbot master: its data API (docs.buildbot.net,
// "REST API"; reads need no login), its events over WebSocket and over server
// sent events, and control with the session of an admin. It takes the answers
// of buildbot 4 and of 3.7: fields that are missing or new are no error. All
// texts are cleaned on their way in, since builds print what they like.
package buildbot
