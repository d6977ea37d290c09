# A self-hosted Nix CI on one host: buildbot-nix builds, niks3 keeps the results
# in a bucket, oauth2-proxy and nginx stand in front, sops-nix brings the secrets.
#
# Written by nixwright, and the same text in every repository. What differs from
# CI to CI is data in ci-facts.json; nixwright writes that file too. So do not
# edit either: set the options below in your own configuration instead (an edited
# copy of this file is never overwritten, but also never updated).
#
#   imports = [
#     inputs.buildbot-nix.nixosModules.buildbot-master
#     inputs.buildbot-nix.nixosModules.buildbot-worker
#     inputs.niks3.nixosModules.niks3
#     inputs.sops-nix.nixosModules.sops
#     ../mods/buildbot-ci.nix
#   ];
#   services.nixwright-ci.enable = true;
#
# With npins the same four are sources.buildbot-nix + "/nixosModules/master.nix"
# and "/nixosModules/worker.nix", sources.niks3 + "/nix/nixosModules/niks3.nix",
# sources.sops-nix + "/modules/sops".
#
# Yours to decide: security.acme.acceptTerms and security.acme.defaults.email.
#
# A path of a request, in both access modes:
#   nginx :443 --> oauth2-proxy (login) --> buildbot 127.0.0.1:8010
#          `---------- /change_hook/github --------^   signed by GitHub, no login
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib)
    mkDefault
    mkEnableOption
    mkForce
    mkIf
    mkMerge
    mkOption
    optional
    optionalAttrs
    types
    ;

  cfg = config.services.nixwright-ci;
  host = config.networking.hostName;

  facts =
    let
      read = builtins.fromJSON (builtins.readFile cfg.factsFile);
      version = read.schema or null;
    in
    if !builtins.pathExists cfg.factsFile then
      throw "services.nixwright-ci.factsFile: ${toString cfg.factsFile} is not there. Run `nixwright setup`; in a flake, `git add` the file, since Nix sees no untracked ones."
    else if version != 1 then
      throw "services.nixwright-ci.factsFile: schema ${toString version}, but this module reads schema 1. Run `nixwright render`, which writes both."
    else
      read;

  # Every fact becomes an option. That is more than a way to override it: facts
  # end up in nginx.conf and on systemd command lines, where a quote or a
  # semicolon would be syntax, and the types refuse such values by name.
  fact =
    name: type: description:
    mkOption {
      inherit type description;
      default = lib.getAttrFromPath (lib.splitString "." name) facts;
      defaultText = lib.literalMD "`${name}` of the facts file";
    };
  optionalOf = pattern: types.strMatching "(${pattern})?";
  hostName = types.strMatching "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?";
  login = types.strMatching "[A-Za-z0-9_-]+";
  # No empty and no hidden folder in it, and so none above it either.
  urlPath = "(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?";

  # With its last slash: nginx's alias without it would serve the folder's
  # neighbours too.
  outputs = if cfg.outputsPath == "" then null else lib.removeSuffix "/" cfg.outputsPath + "/";

  fullyPrivate = cfg.access == "fully-private";
  isMaster = cfg.masterUrl == null;
  worker = lib.findFirst (w: w.name == host) null cfg.workers;

  buildbotPort = config.services.buildbot-master.port;
  buildbot = "http://127.0.0.1:${toString buildbotPort}";
  proxyPort =
    if fullyPrivate then config.services.buildbot-nix.master.accessMode.fullyPrivate.port else 4180;
  proxy = "http://127.0.0.1:${toString proxyPort}";

  # What oauth2-proxy asks GitHub for: who you are and which organisations you
  # are in. Never `repo`, which would let a CI login write to every repository.
  scope = "read:user user:email read:org";

  # Where niks3 is asked. Every machine that builds is told the same address.
  niks3Port = 5751;
  niks3Addr = config.services.niks3.httpAddr;
  bracketed = address: if builtins.match ".*:.*" address == null then address else "[${address}]";
  workersAddr = "${bracketed cfg.workersAddress}:${toString niks3Port}";
  # "::1": the machines come through a tunnel, to niks3's own address.
  ownDoor = cfg.workersAddress != null && cfg.workersAddress != "::1";
  further = builtins.filter (name: name != host) (map (w: w.name) cfg.workers);

  # oauth2-proxy's secrets as options: without a default up to NixOS 25.11, then
  # removed, which leaves an option that nobody sees and nobody may set.
  settable =
    path:
    lib.hasAttrByPath path options.services.oauth2-proxy
    && (lib.getAttrFromPath path options.services.oauth2-proxy).visible or true != false;

  secretPath = name: config.sops.secrets.${name}.path;
  # Owners only where a service reads the file as its own user. All others are
  # read by systemd as root (LoadCredential, EnvironmentFile). One owner that does
  # not exist makes *every* secret fail, so an owner is named only next to the
  # service that brings the user.
  secret = owner: units: {
    inherit owner;
    sopsFile = cfg.secretsFile;
    format = "yaml";
    restartUnits = units;
  };

  # Modules that the host's configuration must import, a further build machine's
  # as well. Without this check the error would be "option does not exist" about
  # a line in this file.
  wanted = [
    {
      path = [ "sops" "secrets" ];
      from = "sops-nix.nixosModules.sops";
    }
    {
      path = [ "services" "buildbot-nix" "worker" ];
      from = "buildbot-nix.nixosModules.buildbot-worker";
    }
    {
      path = [ "services" "buildbot-nix" "master" ];
      from = "buildbot-nix.nixosModules.buildbot-master";
    }
    {
      path = [ "services" "niks3" ];
      from = "niks3.nixosModules.niks3";
    }
  ];
  missing = builtins.filter (m: !lib.hasAttrByPath m.path options) wanted;
in
{
  options.services.nixwright-ci = {
    enable = mkEnableOption "the CI that nixwright set up";

    factsFile = mkOption {
      type = types.path;
      default = ./.. + "/${host}/ci-facts.json";
      defaultText = lib.literalExpression "../\${config.networking.hostName}/ci-facts.json";
      description = "What nixwright learned: ids, endpoints, public keys. No secrets.";
    };
    secretsFile = mkOption {
      type = types.path;
      default = dirOf cfg.factsFile + "/${facts.secretsFile}";
      defaultText = lib.literalMD "`secretsFile` of the facts file, next to it";
      description = "The sops file with the CI's secrets, one key per secret.";
    };
    masterUrl = mkOption {
      type = types.nullOr (types.strMatching "[A-Za-z0-9.:=_/\\-]+");
      default = null;
      example = "tcp:host=10.0.0.1:port=9989";
      description = ''
        Null on the CI host itself. On a further build machine: where buildbot's
        master listens, as a Twisted endpoint; the machine is then a worker and
        nothing else. The protocol is not encrypted, so use a private network.
        Point `factsFile` at the CI host's facts, and `secretsFile` at a file
        that holds only `buildbot-nix-worker-password`: a machine that can read
        the CI's own file can read every secret of the CI.
      '';
    };

    workersAddress = mkOption {
      type = types.nullOr (types.strMatching "[0-9A-Fa-f:.]+"); # systemd resolves no names
      default = null;
      example = "10.0.0.1";
      description = ''
        On a CI host with further build machines: its IP address in the private
        network that they share. What a machine builds it uploads by itself, so
        niks3 must be reached there; its port is ${toString niks3Port}. Not encrypted
        either, so open that port on the private interface only. `::1` where each
        machine has a tunnel from its own [::1]:${toString niks3Port} to this host's.
      '';
    };

    access = fact "access" (types.enum [ "fully-private" "two-logins" ]) ''
      `fully-private`: one login, oauth2-proxy's, which logs into buildbot as well.
      `two-logins`: oauth2-proxy lets you see the pages, buildbot's own login lets you act.
    '';
    domain = fact "domain" hostName "Host name of the web side.";
    admins = fact "admins" (types.listOf login) "GitHub logins that may start and stop builds.";
    users = fact "users" (types.listOf login) "GitHub logins that may look.";
    app.id = fact "app.id" types.int "Id of the GitHub App that buildbot acts as.";
    topic = fact "topic" (types.strMatching "[a-z0-9][a-z0-9-]*") "Topic that a repository must carry to be built.";
    repos = fact "repos" (types.listOf (types.strMatching "[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+")) ''
      Repositories that are built, `owner/name`, if they carry the topic too.
    '';
    webhook.baseUrl = fact "webhook.baseUrl" (types.strMatching "https?://[A-Za-z0-9.:-]+(${urlPath})?/") ''
      buildbot-nix makes a webhook in each repository, at this URL and `change_hook/github`.
    '';
    webhook.appHookPath = fact "webhook.appHookPath" (optionalOf urlPath) ''
      Path of an adopted GitHub App's own webhook, served like buildbot-nix's own;
      empty for none. Where both hooks are active every push is built twice.
    '';
    login.proxyClientId = fact "login.proxyClientId" (types.strMatching "[A-Za-z0-9._-]+") "Client id that oauth2-proxy signs in with.";
    login.buildbotClientId = fact "login.buildbotClientId" (optionalOf "[A-Za-z0-9._-]+") "Client id that buildbot signs in with, in two-logins.";
    workers = fact "workers" (types.listOf (
      types.submodule {
        options.name = mkOption {
          type = hostName;
          description = "Host name of the machine.";
        };
        options.cores = mkOption {
          type = types.ints.positive;
          description = "How many builds it runs at once.";
        };
      }
    )) "Build machines, as in the secret `buildbot-nix-workers`.";
    evalWorkers = fact "evalWorkers" types.ints.unsigned "Parallel evaluations; 0 is one per core.";
    evalMemory = mkOption {
      type = types.ints.unsigned;
      default = facts.evalMemory or 0;
      defaultText = lib.literalMD "`evalMemory` of the facts file";
      description = "Memory after which an evaluation is restarted, in MiB; 0 leaves that to buildbot-nix.";
    };
    consoleToken = mkOption {
      type = types.bool;
      default = facts.consoleToken or false;
      defaultText = lib.literalMD "`consoleToken` of the facts file, false without";
      description = "Whether the secrets hold `nixwright-cloudflare-read`, with which the console reads Cloudflare's figures.";
    };
    buildSystems = fact "buildSystems" (types.listOf (types.strMatching "[A-Za-z0-9_-]+")) "Systems that are built.";
    outputsPath = fact "outputsPath" (optionalOf urlPath) "Folder in which the newest store paths are kept as text; empty for none.";
    cache.url = fact "cache.url" (types.strMatching "https?://[A-Za-z0-9.:-]+(${urlPath})?") "Where Nix clients read the cache.";
    s3.endpoint = fact "s3.endpoint" (types.strMatching "[A-Za-z0-9.-]+(:[0-9]+)?") "Host of the S3 API, without a scheme: niks3 refuses one.";
    s3.bucket = fact "s3.bucket" (types.strMatching "[a-z0-9][a-z0-9.-]*") "Bucket that holds the cache.";
    s3.region = fact "s3.region" (types.strMatching "[A-Za-z0-9-]+") "Region to sign for; `auto` at Cloudflare R2.";
    gc.olderThan = fact "gc.olderThan" (types.strMatching "([0-9]+(h|m|s))+") "Age at which a closure leaves the cache, as a Go duration: `720h`, never `30d`.";
    gc.schedule = fact "gc.schedule" (types.strMatching "[A-Za-z0-9 *:,./~_+-]+") "When that is looked at, as a systemd calendar expression.";
  };

  config = mkIf cfg.enable (
    if missing != [ ] then
      {
        assertions = map (m: {
          assertion = false;
          message = "services.nixwright-ci needs the module ${m.from}: add it to the imports of ${host}.";
        }) missing;
      }
    else
      mkMerge [
        {
          # What this system was built from. nixwright compares it with the files
          # in the repository to tell whether the newest state is deployed.
          environment.etc."nixwright/applied.json".text =
            let
              hash = builtins.hashFile "sha256";
              # This file under whatever name it was saved.
              self = ./. + "/${baseNameOf __curPos.file}";
            in
            builtins.toJSON {
              # seq: where the facts are missing, their own message comes first.
              hash = builtins.hashString "sha256" (
                builtins.seq facts (hash cfg.factsFile) + hash self + hash cfg.secretsFile
              );
            };
          assertions = [
            {
              assertion = isMaster || worker != null;
              message = "services.nixwright-ci: ${host} is not one of the workers in the facts. Run `nixwright worker add ${host}` first.";
            }
          ];
        }

        # ---- a build machine: the CI host itself, or a further one -------------
        (mkIf (worker != null) {
          services.buildbot-nix.worker = {
            enable = true;
            name = host;
            # Must equal the cores in the secret `buildbot-nix-workers`. Left at 0
            # it would be the machine's threads; the master does not know the
            # surplus, and those retry for ever with "invalid login".
            workers = worker.cores;
            workerPasswordFile = secretPath "buildbot-nix-worker-password";
            masterUrl = mkIf (!isMaster) cfg.masterUrl;
          };
          sops.secrets.buildbot-nix-worker-password =
            secret "buildbot-worker" [ "buildbot-worker.service" ];
          # Upstream gives niks3's client to the master's machine only, and a failed
          # upload leaves a build green.
          systemd.services.buildbot-worker.path = mkIf (!isMaster) [ config.services.niks3.package ];
        })

        # ---- the CI host, in both access modes ---------------------------------
        (mkIf isMaster {
          # The console finds here what it watches.
          environment.etc."nixwright/ci-facts.json".source = cfg.factsFile;
          services.buildbot-nix.master = {
            enable = true;
            inherit (cfg) domain admins buildSystems;
            workersFile = secretPath "buildbot-nix-workers";
            evalWorkerCount = if cfg.evalWorkers == 0 then null else cfg.evalWorkers;
            outputsPath = outputs;
            webhookBaseUrl = cfg.webhook.baseUrl;
            github = {
              # Upstream ties this to GitHub *login*, which fully-private does not use.
              enable = true;
              appId = cfg.app.id;
              appSecretKeyFile = secretPath "buildbot-github-app-secret-key";
              webhookSecretFile = secretPath "buildbot-github-webhook-secret";
              # Both must hold: on this list *and* carrying the topic. userAllowlist
              # stays unset on purpose, it would admit all repositories of a user.
              inherit (cfg) topic;
              repoAllowlist = cfg.repos;
            };
            niks3 = {
              enable = true;
              serverUrl = "http://${if cfg.workersAddress == null then niks3Addr else workersAddr}";
              authTokenFile = secretPath "niks3-api-token";
              # Upstream has no default. The server's own package keeps client and
              # server at one version.
              package = mkDefault config.services.niks3.package;
            };
          }
          // optionalAttrs (options.services.buildbot-nix.master ? evalMaxMemorySize) {
            evalMaxMemorySize = mkIf (cfg.evalMemory > 0) cfg.evalMemory;
          };

          services.niks3 = {
            enable = true;
            httpAddr = "[::1]:${toString niks3Port}";
            cacheUrl = cfg.cache.url;
            apiTokenFile = secretPath "niks3-api-token";
            signKeyFiles = [ (secretPath "niks3-signing-key") ];
            s3 = {
              inherit (cfg.s3) endpoint bucket;
              useSSL = true;
              accessKeyFile = secretPath "niks3-s3-access-key";
              secretKeyFile = secretPath "niks3-s3-secret-key";
            }
            # niks3 of early 2026 has no such option, and R2 takes its default too.
            // optionalAttrs (options.services.niks3.s3 ? region) { inherit (cfg.s3) region; };
            gc = {
              enable = true;
              inherit (cfg.gc) olderThan schedule;
            };
          };
          # At boot niks3 came up before DNS, could not find the bucket and died.
          systemd.services.niks3 = {
            after = [ "network-online.target" ];
            wants = [ "network-online.target" ];
          };
          # niks3 itself stays where only this host reaches it; a second door leads
          # there. FreeBind: at boot the address may come up later than the socket.
          systemd.sockets.nixwright-niks3 = mkIf ownDoor {
            wantedBy = [ "sockets.target" ];
            socketConfig = {
              ListenStream = workersAddr;
              FreeBind = true;
            };
          };
          systemd.services.nixwright-niks3 = mkIf ownDoor {
            requires = [ "nixwright-niks3.socket" ];
            after = [ "nixwright-niks3.socket" ];
            serviceConfig = {
              # It splits at the last colon and takes no brackets.
              ExecStart = "${config.systemd.package}/lib/systemd/systemd-socket-proxyd ${
                builtins.replaceStrings [ "[" "]" ] [ "" "" ] niks3Addr
              }";
              DynamicUser = true;
            };
          };
          warnings = optional (further != [ ] && cfg.workersAddress == null)
            "services.nixwright-ci: what ${lib.concatStringsSep ", " further} builds is not in the cache, because the machine that built uploads, and niks3 is reached from ${host} alone. Set services.nixwright-ci.workersAddress to the address of ${host} in their private network, and open port ${toString niks3Port} on its interface: networking.firewall.interfaces.<name>.allowedTCPPorts. Where they come through a tunnel, as `nixwright worker add` writes it, set it to \"::1\".";

          services.nginx = {
            enable = true;
            virtualHosts.${cfg.domain} = {
              enableACME = mkDefault true;
              # Upstream looks at this to decide between http and https in its URLs.
              forceSSL = true;
              locations = mkMerge [
                # Upstream sends / , /sse and /ws to buildbot itself or to its own
                # proxy, depending on the mode; a second definition would be a
                # conflict. Forced as a whole, so that the three stay what is
                # written here whatever upstream adds.
                {
                  "/" = mkForce {
                    proxyPass = proxy;
                    extraConfig = ''
                      proxy_connect_timeout 120s;
                      proxy_send_timeout 120s;
                      proxy_read_timeout 120s;
                    '';
                  };
                  "/sse" = mkForce {
                    proxyPass = proxy;
                    # A stream of events is never to wait in a buffer.
                    extraConfig = ''
                      proxy_buffering off;
                      proxy_read_timeout 6000s;
                    '';
                  };
                  "/ws" = mkForce {
                    proxyPass = proxy;
                    proxyWebsockets = true;
                    extraConfig = "proxy_read_timeout 6000s;";
                  };
                }
                # GitHub cannot log in; buildbot checks its signature. Exact paths,
                # so that nothing else of buildbot is reached this way.
                (lib.genAttrs
                  (map (path: "= ${path}") (
                    lib.unique ([ "/change_hook/github" ] ++ optional (cfg.webhook.appHookPath != "") cfg.webhook.appHookPath)
                  ))
                  (_: {
                    proxyPass = "${buildbot}/change_hook/github";
                    # GitHub sends up to 25 MB; nginx would answer 413 far below.
                    extraConfig = "client_max_body_size 25m;";
                  })
                )
                # Upstream serves these files to everybody, in every mode. Here a
                # reader must be logged in: nginx asks oauth2-proxy first.
                (mkIf (outputs != null) {
                  "/nix-outputs/" = mkForce {
                    alias = outputs;
                    extraConfig = ''
                      charset utf-8;
                      autoindex on;
                      auth_request /oauth2/auth;
                      error_page 401 = @nixwright_login;
                    '';
                  };
                  "= /oauth2/auth" = {
                    proxyPass = proxy;
                    extraConfig = ''
                      proxy_pass_request_body off;
                      proxy_set_header Content-Length "";
                    '';
                  };
                  "@nixwright_login".return = "302 /oauth2/start?rd=$request_uri";
                })
              ];
            };
          };

          networking.firewall.allowedTCPPorts = [
            80
            443
          ];
          # buildbot listens on every address, and answers anybody who asks it
          # directly, in every access mode. Only the firewall keeps that inside.
          assertions =
            let
              firewall = config.networking.firewall;
              inRange = port: range: range.from <= port && port <= range.to;
              open =
                port:
                !firewall.enable
                || builtins.elem port firewall.allowedTCPPorts
                || builtins.any (inRange port) firewall.allowedTCPPortRanges;
              closed = what: port: {
                assertion = !open port;
                message = "services.nixwright-ci: port ${toString port} (${what}) must be closed by the firewall, and is open. Take it out of networking.firewall.allowedTCPPorts and allowedTCPPortRanges, keep networking.firewall.enable on, and for workers elsewhere open it on a private interface only: networking.firewall.interfaces.<name>.allowedTCPPorts.";
              };
              pbPort = config.services.buildbot-master.pbPort;
            in
            [ (closed "buildbot, readable without login" buildbotPort) ]
            # A text is a Twisted endpoint, whose author chose the interface.
            ++ optional (builtins.isInt pbPort) (closed "buildbot's workers" pbPort);

          services.oauth2-proxy.scope = mkForce scope;

          sops.secrets =
            let
              master = secret null [ "buildbot-master.service" ];
              niks3 = secret config.services.niks3.user [ "niks3.service" ];
            in
            {
              buildbot-nix-workers = master;
              buildbot-github-app-secret-key = master;
              buildbot-github-webhook-secret = master;
              niks3-s3-access-key = niks3;
              niks3-s3-secret-key = niks3;
              niks3-signing-key = niks3;
              niks3-api-token = niks3 // {
                restartUnits = [
                  "niks3.service"
                  "buildbot-master.service"
                ];
              };
            }
            # No service reads it: the console does, as root.
            // optionalAttrs cfg.consoleToken { nixwright-cloudflare-read = secret null [ ]; };
        })

        # ---- one login: oauth2-proxy's, which logs into buildbot as well --------
        (mkIf (isMaster && fullyPrivate) {
          services.buildbot-nix.master = {
            accessMode.fullyPrivate = {
              backend = "github";
              clientId = cfg.login.proxyClientId;
              clientSecretFile = secretPath "oauth2-proxy-client-secret";
              cookieSecretFile = secretPath "oauth2-proxy-cookie-secret";
              users = lib.subtractLists cfg.admins cfg.users; # upstream adds the admins
            };
            # Known to oauth2-proxy and buildbot only: how one tells the other who
            # is asking.
            httpBasicAuthPasswordFile = secretPath "buildbot-http-basic-auth-password";
          };
          # Upstream turns this on, and with it every page carries that password to
          # the browser. buildbot needs it on the request only, which
          # pass-basic-auth does.
          services.oauth2-proxy = mkMerge [
            {
              extraConfig.set-basic-auth = mkForce false;
              passBasicAuth = true;
            }
            # The secrets come from files, which upstream writes before the start.
            (optionalAttrs (settable [ "clientSecret" ]) { clientSecret = mkDefault null; })
            (optionalAttrs (settable [ "cookie" "secret" ]) { cookie.secret = mkDefault null; })
          ];

          sops.secrets = {
            oauth2-proxy-client-secret = secret null [ "oauth2-proxy.service" ];
            oauth2-proxy-cookie-secret = secret null [ "oauth2-proxy.service" ];
            buildbot-http-basic-auth-password = secret null [
              "oauth2-proxy.service"
              "buildbot-master.service"
            ];
          };
        })

        # ---- two logins: oauth2-proxy's to see, buildbot's own to act ------------
        (mkIf (isMaster && !fullyPrivate) {
          assertions = [
            {
              assertion = cfg.login.buildbotClientId != "";
              message = "services.nixwright-ci: access two-logins needs login.buildbotClientId, the client id of buildbot's own login. Run `nixwright setup`.";
            }
          ];
          services.buildbot-nix.master = {
            authBackend = "github";
            github.oauthId = cfg.login.buildbotClientId;
            github.oauthSecretFile = secretPath "buildbot-github-oauth-secret";
          };
          services.oauth2-proxy = {
            enable = true;
            provider = "github";
            clientID = cfg.login.proxyClientId;
            # Client and cookie secret, as two lines of environment.
            keyFile = secretPath "oauth2-proxy-env";
            httpAddress = proxy;
            # 127.0.0.1, not localhost: buildbot listens on IPv4 only.
            upstream = [ "${buildbot}/" ];
            redirectURL = "https://${cfg.domain}/oauth2/callback";
            # It does not start without a word on e-mail addresses. Who may come in
            # is github-user's matter.
            email.domains = [ "*" ];
            extraConfig = {
              github-user = lib.concatStringsSep "," (lib.unique (cfg.admins ++ cfg.users));
              skip-provider-button = true;
            };
          };
          sops.secrets = {
            buildbot-github-oauth-secret = secret null [ "buildbot-master.service" ];
            oauth2-proxy-env = secret null [ "oauth2-proxy.service" ];
          };
        })
      ]
  );
}
