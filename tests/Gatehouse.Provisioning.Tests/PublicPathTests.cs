using Gatehouse.Provisioning.PublicDoor;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class PublicPathTests
{
    private const string Mark = "0123456789abcdef";

    [Theory]
    [InlineData("/0ne1/fleet.crl", null, "fleet", PublicKind.List, "")]
    [InlineData("/0ne1/fleet.cer", null, "fleet", PublicKind.Certificate, "")]
    [InlineData("/0ne1/fleet.ocsp", null, "fleet", PublicKind.Status, "")]
    [InlineData("/0ne1/fleet.ocsp/MEow/S+DB=", null, "fleet", PublicKind.Status, "MEow/S+DB=")]
    [InlineData($"/0ne1/{Mark}/fleet.crl", Mark, "fleet", PublicKind.List, "")]
    [InlineData($"/0ne1/{Mark}/Fleet.2.crl.cer", Mark, "Fleet.2.crl", PublicKind.Certificate, "")]
    [InlineData($"/0ne1/{Mark}/fleet.ocsp", Mark, "fleet", PublicKind.Status, "")]
    [InlineData($"/0ne1/{Mark}/fleet.ocsp//a/b/", Mark, "fleet", PublicKind.Status, "/a/b/")]
    [InlineData($"/0ne1/{Mark}.ocsp/{Mark}", null, Mark, PublicKind.Status, Mark)]
    public void What_is_published_has_its_place(string path, string? authority, string policy, object kind, string question) =>
        Assert.Equal(new PublicPath("0ne1", authority, policy, (PublicKind)kind, question), PublicPath.Read(path));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("//fleet.crl")]
    [InlineData("0ne1/fleet.crl")]
    [InlineData("/0ne1")]
    [InlineData("/0ne1/")]
    [InlineData("/0ne1/.crl")]
    [InlineData("/0ne1/fleet")]
    [InlineData("/0ne1/fleet.CRL")]
    [InlineData("/0ne1/fleet.crl/")]
    [InlineData("/0ne1/fl%2Feet.crl")]
    [InlineData($"/0ne1/{Mark}")]
    [InlineData($"/0ne1/{Mark}/")]
    [InlineData($"/0ne1/{Mark}/fleet.crl/more")]
    [InlineData($"/0ne1/{Mark}/{Mark}/fleet.crl")]
    [InlineData("/0ne1/0123456789ABCDEF/fleet.crl")]
    [InlineData("/0ne1/0123456789abcde/fleet.crl")]
    public void Nothing_else_has(string? path) => Assert.Null(PublicPath.Read(path));

    [Fact]
    public void A_path_is_no_longer_than_it_needs_to_be()
    {
        Assert.NotNull(PublicPath.Read($"/0ne1/fleet.ocsp/{new string('A', 2_048)}"));
        Assert.Null(PublicPath.Read($"/0ne1/fleet.ocsp/{new string('A', 2_048 + 256)}"));
        Assert.Null(PublicPath.Read($"/{new string('a', 256)}/fleet.crl"));
    }
}
