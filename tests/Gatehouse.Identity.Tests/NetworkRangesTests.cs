using System.Net;
using Gatehouse.Contracts.Credentials;
using Xunit;

namespace Gatehouse.Identity.Tests;

/// <summary>Ranges of addresses: what they hold, how they are written, and what is none.</summary>
public sealed class NetworkRangesTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0 192.0.2.255 ::ffff:192.0.2.7", "192.0.1.255 192.0.3.0 ::192.0.2.7 ::1")]
    [InlineData("192.0.2.7", "192.0.2.7 ::ffff:192.0.2.7", "192.0.2.6 192.0.2.8")]
    [InlineData("192.0.2.7/32", "192.0.2.7", "192.0.2.6 192.0.2.8")]
    [InlineData("128.0.0.0/1", "128.0.0.0 255.255.255.255", "127.255.255.255 8000::")]
    [InlineData("0.0.0.0/0", "0.0.0.0 255.255.255.255 ::ffff:10.0.0.1", ":: ::1 2001:db8::1 ::fffe:0:1 ::1:0:0:1")]
    [InlineData("2001:db8::/32", "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: 32.1.13.184")]
    [InlineData("fe80::/10", "fe80::1 fe80::1%3 febf::", "fec0::")]
    [InlineData("2001:db8::1", "2001:db8::1", "2001:db8:: 2001:db8::2")]
    [InlineData("::/0", ":: 2001:db8::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0 10.0.0.1 ::ffff:10.0.0.1")]
    [InlineData("::ffff:10.0.0.0/104", "10.255.255.255 ::ffff:10.0.0.1", "11.0.0.0 ::10.0.0.1")]
    public void A_range_holds_its_addresses_and_no_others(string range, string within, string outside)
    {
        var ranges = NetworkRanges.Parse([range], out var fault);

        Assert.Equal("", fault);
        Assert.All(within.Split(' '), address => Assert.True(ranges!.Contains(IPAddress.Parse(address)), address));
        Assert.All(outside.Split(' '), address => Assert.False(ranges!.Contains(IPAddress.Parse(address)), address));
        Assert.Equal(ranges!.Texts, NetworkRanges.FromStored(ranges.ToString()).Texts);
    }

    [Fact]
    public void Of_several_one_is_enough_and_what_is_doubled_counts_once()
    {
        var ranges = NetworkRanges.Parse(["10.0.0.0/8", "::ffff:10.0.0.0/104", "2001:DB8::/48", "10.0.0.0/8", "192.0.2.1"], out _)!;

        Assert.Equal("10.0.0.0/8 2001:db8::/48 192.0.2.1/32", ranges.ToString());
        Assert.True(ranges.Contains(IPAddress.Parse("2001:db8::5")));
        Assert.False(ranges.Contains(IPAddress.Parse("192.0.2.2")));
    }

    [Theory]
    [InlineData("", "is no range of addresses")]
    [InlineData(null, "is no range of addresses")]
    [InlineData("plant-7", "is no range of addresses")]
    [InlineData("10.1/16", "is no range of addresses")]
    [InlineData("010.0.0.1", "is no range of addresses")]
    [InlineData("0x0a000001", "is no range of addresses")]
    [InlineData("167772161", "is no range of addresses")]
    [InlineData("10.0.0.1 ", "is no range of addresses")]
    [InlineData("[::1]", "is no range of addresses")]
    [InlineData("fe80::1%3", "is no range of addresses")]
    [InlineData("10.0.0.0/33", "its prefix must be 0 to 32")]
    [InlineData("10.0.0.0/", "its prefix must be 0 to 32")]
    [InlineData("10.0.0.0/-1", "its prefix must be 0 to 32")]
    [InlineData("10.0.0.0/255.0.0.0", "its prefix must be 0 to 32")]
    [InlineData("10.0.0.0/8/8", "its prefix must be 0 to 32")]
    [InlineData("2001:db8::/129", "its prefix must be 0 to 128")]
    [InlineData("10.1.2.3/8", "do you mean 10.0.0.0/8?")]
    [InlineData("2001:db8::1/32", "do you mean 2001:db8::/32?")]
    public void What_is_no_range_is_said(string? text, string words)
    {
        Assert.Null(NetworkRanges.Parse(["192.0.2.0/24", text], out var fault));

        Assert.Contains(words, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_1_to_64()
    {
        var most = Enumerable.Range(0, NetworkRanges.MaxRanges).Select(number => $"10.0.{number}.0/24").ToList();

        Assert.Equal(NetworkRanges.MaxRanges, NetworkRanges.Parse(most, out _)!.Texts.Count);
        Assert.Null(NetworkRanges.Parse([.. most, "192.0.2.1"], out var fault));
        Assert.Contains("1 to 64 ranges are possible, and 65 are given", fault, StringComparison.Ordinal);
        Assert.Null(NetworkRanges.Parse([], out _));
    }

    [Fact]
    public void What_is_stored_and_cannot_be_read_lets_nobody_in()
    {
        Assert.False(NetworkRanges.FromStored("").Contains(IPAddress.Loopback));
        var partly = NetworkRanges.FromStored("192.0.2.0/24 @plant");
        Assert.True(partly.Contains(IPAddress.Parse("192.0.2.1")));
        Assert.False(partly.Contains(IPAddress.Loopback));
    }

    [Fact]
    public void To_look_an_address_up_costs_no_memory()
    {
        var ranges = NetworkRanges.Parse(["10.0.0.0/8", "2001:db8::/32"], out _)!;
        IPAddress[] addresses = [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("2001:db8::1"), IPAddress.Parse("::ffff:10.1.2.3")];
        bool LookUp() => ranges.Contains(addresses[0]) & ranges.Contains(addresses[1]) & ranges.Contains(addresses[2]);
        Assert.True(LookUp());

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            LookUp();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
