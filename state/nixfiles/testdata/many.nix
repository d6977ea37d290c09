# Evaluates many facts files on one repository, in one run of Nix. Each case is
# { facts, host, early, worker }; its result is what eval.nix gives, or null
# where an option refuses a value.
{
  repo,
  cases,
  lib ? import ./lib.nix,
}:
let
  one =
    case:
    import ./eval.nix {
      inherit repo lib;
      inherit (case) host early;
      extra = {
        services.nixwright-ci = {
          factsFile = case.facts;
        }
        // (if case.worker then { masterUrl = "tcp:host=fd00\\:\\:1:port=9989"; } else { });
        services.nixwright-cache.factsFile = case.facts;
      };
    };
in
map (
  case:
  let
    tried = builtins.tryEval (builtins.toJSON (one case));
  in
  if tried.success then tried.value else null
) cases
