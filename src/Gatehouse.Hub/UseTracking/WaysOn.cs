using Gatehouse.Hub.Certificates;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.UseTracking;

/// <summary>Verified CAs of a hub, to say where a chain leads when one of them is gone.</summary>
internal sealed class WaysOn
{
    private readonly Dictionary<string, (string Name, AuthorityCertificate Certificate)> authorities = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> found = new(StringComparer.Ordinal);

    internal WaysOn(IEnumerable<CaCertificate> all)
    {
        foreach (var each in all.Where(static each => each.IsVerified))
        {
            if (AuthorityCertificate.TryRead(each.Certificate, out var read, out _))
            {
                authorities[each.ThumbprintSha256] = (each.Name, read);
            }
        }
    }

    /// <summary>The CA, by its name in the hub, that signed the one that goes; null when there is none, or the device does not send the one that goes: what is no anchor, the hub does not add to a chain.</summary>
    /// <param name="gone">SHA-256 of the one that goes.</param>
    /// <param name="shown">SHA-256 of what the device sends beside its own certificate.</param>
    internal string? Find(string gone, IReadOnlyList<string> shown)
    {
        if (!shown.Contains(gone))
        {
            return null;
        }

        if (!found.TryGetValue(gone, out var next))
        {
            next = authorities.TryGetValue(gone, out var ca)
                ? authorities.Where(other => other.Key != gone && other.Value.Certificate.HasIssued(ca.Certificate)).Select(static other => other.Value.Name).FirstOrDefault()
                : null;
            found.Add(gone, next);
        }

        return next;
    }
}
