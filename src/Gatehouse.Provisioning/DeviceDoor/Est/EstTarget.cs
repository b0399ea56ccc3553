using Gatehouse.Contracts.Access;

namespace Gatehouse.Provisioning.DeviceDoor.Est;

/// <summary>A request of an EST client, as its path and method say it: <c>/.well-known/est[/{label}]/{operation}</c>. RFC 7030 §3.2.2.</summary>
/// <param name="Label">Id scope of a service; null: the service of the host name.</param>
/// <param name="Asked">What is asked for.</param>
/// <param name="Row">The same as the table of operations has it.</param>
internal sealed record EstTarget(string? Label, EstOperation Asked, Operation Row)
{
    internal static bool Owns(IReadOnlyList<string> path) => path.Count >= 2 && path[0] == ".well-known" && path[1] == "est";

    /// <summary>Null with the method that the path has; null and null when there is nothing at the path.</summary>
    internal static EstTarget? Read(string method, IReadOnlyList<string> path, out string? allowed)
    {
        var (wanted, asked, row) = path.Count is 3 or 4 ? path[^1] switch
        {
            "cacerts" => ("GET", EstOperation.CaCerts, Operations.GetIssuers),
            "csrattrs" => ("GET", EstOperation.CsrAttrs, Operations.GetIssuers),
            "simpleenroll" => ("POST", EstOperation.SimpleEnroll, Operations.RegisterDevice),
            "simplereenroll" => ("POST", EstOperation.SimpleReenroll, Operations.RegisterDevice),
            _ => (null, default, null!),
        } : (null, default, null!);
        allowed = wanted;
        return wanted is not null && wanted == method ? new EstTarget(path.Count == 4 ? path[2] : null, asked, row) : null;
    }
}

/// <summary>What is there of RFC 7030; serverkeygen and fullcmc are not.</summary>
internal enum EstOperation
{
    CaCerts,
    CsrAttrs,
    SimpleEnroll,
    SimpleReenroll,
}
