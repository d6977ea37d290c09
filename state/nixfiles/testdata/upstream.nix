# buildbot-nix, niks3 and sops-nix as far as the CI's module touches them: their
# options and types, and those of their definitions that ours meets.
#
#            today                    `early`
#   buildbot-nix  9a8ea9a4 (2026-08-02)    7d4e7262 (2026-02-26): no enableNginx
#   niks3         780939ad (2026-06-30)    before 7f32bba3 (2026-02-25): no s3.region
#   sops-nix      56b24064 (2026-06-22)    334daa7c (2026-02-25): the same here
{ early }:
{ lib, config, ... }:
let
  inherit (lib) mkIf mkOption mkEnableOption types;
  option = type: mkOption { inherit type; };
  preset = type: default: mkOption { inherit type default; };
  strings = types.listOf types.str;
  master = config.services.buildbot-nix.master;
  private = master.accessMode ? fullyPrivate;
  backend =
    "http://127.0.0.1:"
    + toString (if private then master.accessMode.fullyPrivate.port else config.services.buildbot-master.port);
in
{
  options = {
    services.buildbot-nix.master = {
      enable = mkEnableOption "buildbot's master";
      domain = option types.str;
      workersFile = option types.path;
      admins = preset strings [ ];
      buildSystems = preset strings [ "x86_64-linux" ];
      evalWorkerCount = preset (types.nullOr types.int) null;
      evalMaxMemorySize = preset types.int 2048;
      outputsPath = preset (types.nullOr types.path) null;
      webhookBaseUrl = preset types.str config.services.buildbot-master.buildbotUrl;
      authBackend = preset (types.enum [ "github" "gitea" "httpbasicauth" "oidc" "none" ]) "github";
      httpBasicAuthPasswordFile = preset (types.nullOr types.path) null;
      accessMode = preset (types.attrTag {
        public = option (types.submodule { });
        fullyPrivate = option (
          types.submodule {
            options = {
              backend = option (types.enum [ "gitea" "github" ]);
              cookieSecretFile = option types.path;
              clientSecretFile = option types.path;
              clientId = option types.str;
              teams = preset strings [ ];
              users = preset strings [ ];
              port = preset types.port 8020;
            };
          }
        );
      }) { public = { }; };
      github = {
        enable = preset types.bool (master.authBackend == "github");
        userAllowlist = preset (types.nullOr strings) null;
        repoAllowlist = preset (types.nullOr strings) null;
        appId = option types.int;
        appSecretKeyFile = option types.path;
        webhookSecretFile = option types.path;
        oauthSecretFile = preset (types.nullOr types.path) null;
        oauthId = preset (types.nullOr types.str) null;
        topic = preset (types.nullOr types.str) "build-with-buildbot";
      };
      niks3 = {
        enable = mkEnableOption "niks3";
        serverUrl = option types.str;
        authTokenFile = option types.path;
        package = option types.package;
      };
    }
    // lib.optionalAttrs (!early) { enableNginx = preset types.bool true; };

    services.buildbot-nix.worker = {
      enable = mkEnableOption "a buildbot worker";
      name = preset types.str config.networking.hostName;
      workers = preset types.int 0;
      masterUrl = preset types.str "tcp:host=localhost:port=9989";
      workerPasswordFile = option types.path;
    };

    services.niks3 = {
      enable = mkEnableOption "niks3";
      package = preset types.package { type = "derivation"; name = "niks3"; outPath = "/niks3"; };
      user = preset types.str "niks3";
      httpAddr = preset types.str "127.0.0.1:5751";
      cacheUrl = preset (types.nullOr types.str) null;
      apiTokenFile = option types.path;
      signKeyFiles = preset (types.listOf types.path) [ ];
      gc = {
        enable = preset types.bool true;
        olderThan = preset types.str "720h";
        schedule = preset types.str "daily";
      };
      s3 = {
        endpoint = option types.str;
        bucket = option types.str;
        useSSL = preset types.bool true;
        accessKeyFile = preset (types.nullOr types.path) null;
        secretKeyFile = preset (types.nullOr types.path) null;
      }
      // lib.optionalAttrs (!early) { region = preset types.str ""; };
    };

    sops.secrets = preset (types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            path = preset types.str "/run/secrets/${name}";
            format = preset (types.enum [ "yaml" "json" "binary" "dotenv" "ini" ]) "yaml";
            owner = preset (types.nullOr types.str) null;
            mode = preset types.str "0400";
            sopsFile = option types.path;
            restartUnits = preset strings [ ];
          };
        }
      )
    )) { };
  };

  config = mkIf master.enable {
    services.buildbot-master.buildbotUrl =
      let
        https = (master.enableNginx or true) && config.services.nginx.virtualHosts.${master.domain}.forceSSL;
      in
      "${if https then "https" else "http"}://${master.domain}/";
    services.buildbot-nix.master.authBackend = mkIf private "httpbasicauth";
    assertions = [
      {
        assertion = master.authBackend != "github" || (master.github.oauthId != null && master.github.oauthSecretFile != null);
        message = "With the authBackend github, github.oauthId and github.oauthSecretFile have to be set.";
      }
    ];
    systemd.services.buildbot-master.serviceConfig.LoadCredential = [
      "buildbot-nix-workers:${master.workersFile}"
      "github-webhook-secret:${master.github.webhookSecretFile}"
      "github-app-secret-key:${master.github.appSecretKeyFile}"
      "niks3-auth-token:${master.niks3.authTokenFile}"
    ]
    ++ lib.optionals (master.authBackend == "github") [ "github-oauth-secret:${master.github.oauthSecretFile}" ]
    ++ lib.optionals private [ "http-basic-auth-password:${master.httpBasicAuthPasswordFile}" ];
    systemd.services.oauth2-proxy.serviceConfig.LoadCredential = mkIf private [
      "client-secret:${master.accessMode.fullyPrivate.clientSecretFile}"
      "cookie-secret:${master.accessMode.fullyPrivate.cookieSecretFile}"
      "basic-auth-password:${master.httpBasicAuthPasswordFile}"
    ];
    systemd.services.buildbot-worker.path = mkIf master.niks3.enable [ master.niks3.package ];
    services.nginx.enable = master.enableNginx or true;
    services.nginx.virtualHosts.${master.domain}.locations = lib.optionalAttrs (master.enableNginx or true) ({
      "/" = {
        proxyPass = "${backend}/";
        extraConfig = "proxy_read_timeout 60s;";
      };
      "/sse" = {
        proxyPass = "${backend}/sse";
        extraConfig = "proxy_buffering on;";
      };
      "/ws" = {
        proxyPass = "${backend}/ws";
        proxyWebsockets = true;
      };
    }
    // lib.optionalAttrs (master.outputsPath != null) {
      "/nix-outputs/" = {
        alias = master.outputsPath;
        extraConfig = "autoindex on;";
      };
    });
    services.oauth2-proxy = mkIf private {
      enable = true;
      clientID = master.accessMode.fullyPrivate.clientId;
      extraConfig = {
        upstream = "http://127.0.0.1:${toString config.services.buildbot-master.port}";
        github-user = lib.concatStringsSep "," (master.accessMode.fullyPrivate.users ++ master.admins);
        set-basic-auth = true;
      };
    };
  };
}
